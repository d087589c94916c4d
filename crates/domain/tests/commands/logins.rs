//! Logins of people: a code once and soon, tokens that rotate, what comes twice, how long, how many, and with which key they end.

use downbeat_domain::{
    Command, Grant, KeyId, LoginId, Role,
    command::{AccessCommand, BeginLogin, CompleteLogin, CreateKey, DrawnTokens, Holder, RefreshLogin},
    limits,
};

use crate::{
    chain,
    world::{Step, World, after, given, instant},
};

const DAY: i64 = 24 * 60 * 60;
const CLIENT: [u8; 32] = [61; 32];
const REDIRECT: [u8; 32] = [62; 32];
const VERIFIER: [u8; 32] = [63; 32];

fn step(command: AccessCommand) -> Step {
    Step::Do(Command::Access(command))
}

fn key(number: u8, name: &str, seconds: i64) -> Step {
    step(AccessCommand::CreateKey(Box::new(CreateKey {
        key: KeyId([number; 16]),
        name: name.to_owned(),
        hash: [number; 32],
        grants: vec![Grant { role: Role::Viewer, labels: Vec::new() }],
        expires_at: Some(instant(seconds)),
        by: "user:ada".to_owned(),
    })))
}

fn revoke(name: &str) -> Step {
    step(AccessCommand::RevokeKey { key: name.to_owned() })
}

fn person(user: &str) -> Holder {
    Holder::Person { user: user.to_owned(), grants: vec![Grant { role: Role::Editor, labels: Vec::new() }] }
}

fn login(number: u8, holder: Holder) -> BeginLogin {
    BeginLogin {
        login: LoginId([number; 16]),
        holder,
        read_only: false,
        client: "cli".to_owned(),
        client_hash: CLIENT,
        redirect_hash: REDIRECT,
        challenge: VERIFIER,
        code: [number; 32],
    }
}

fn begin(number: u8, holder: Holder) -> Step {
    step(AccessCommand::BeginLogin(Box::new(login(number, holder))))
}

fn code(number: u8) -> CompleteLogin {
    CompleteLogin {
        code: [number; 32],
        client_hash: CLIENT,
        redirect_hash: REDIRECT,
        verifier: VERIFIER,
        family: [number; 32],
        drawn: DrawnTokens { access: [number; 32], refresh: [100; 32] },
    }
}

fn complete(complete: CompleteLogin) -> Step {
    step(AccessCommand::CompleteLogin(Box::new(complete)))
}

/// Shows the refresh token of this number, and gets the other one.
fn refresh(family: u8, shown: u8, drawn: u8) -> Step {
    step(AccessCommand::RefreshLogin(Box::new(RefreshLogin {
        family: [family; 32],
        refresh: [shown; 32],
        client_hash: CLIENT,
        drawn: DrawnTokens { access: [drawn; 32], refresh: [drawn; 32] },
    })))
}

fn end(number: u8) -> Step {
    step(AccessCommand::EndLogin { login: LoginId([number; 16]) })
}

/// Ada is logged in; her refresh token is number 100.
fn logged_in() -> World {
    given(&chain("")).after([begin(1, person("ada")), complete(code(1))])
}

#[test]
fn a_code_opens_a_login_once_and_soon() {
    let world = given(&chain("")).when(begin(1, person("ada"))).then(["LoginBegun 1 of user:ada for cli"]);
    let world = world.after([after(59)]).when(complete(code(1)));
    let world = world.then(["LoginCompleted 1 for 3600 s, 2592000 s idle"]);
    // Somebody else has it, too: nobody keeps what came of it.
    let world = world.when(complete(code(1))).then(["LoginEnded 1 of user:ada: CODE_USED_TWICE"]);
    let world = world.when(refresh(1, 100, 101)).refused_as("LOGIN_REFUSED");
    world.when(complete(code(1))).refused_as("LOGIN_REFUSED");

    let world = given(&chain("")).after([begin(1, person("ada")), after(60)]);
    world.when(complete(code(1))).refused_as("LOGIN_REFUSED");
}

#[test]
fn a_code_without_what_belongs_to_it_is_worth_nothing_and_stays() {
    let world = given(&chain("")).after([begin(1, person("ada"))]);
    let world = [
        CompleteLogin { verifier: [9; 32], ..code(1) },
        CompleteLogin { client_hash: [9; 32], ..code(1) },
        CompleteLogin { redirect_hash: [9; 32], ..code(1) },
        code(2),
    ]
    .into_iter()
    .fold(world, |world, wrong| world.when(complete(wrong)).refused_as("LOGIN_REFUSED"));
    world.when(complete(code(1))).then(["LoginCompleted 1 for 3600 s, 2592000 s idle"]);
}

#[test]
fn a_refresh_token_is_worth_something_once() {
    let world = logged_in().when(refresh(1, 100, 101)).then(["LoginRefreshed 1"]);
    let world = world.after([after(60)]).when(refresh(1, 101, 102)).then(["LoginRefreshed 1"]);
    assert!(world.partition.keys.login_of(&[101; 32]).is_none(), "the access token before is worth nothing");
    assert!(world.partition.keys.login_of(&[102; 32]).is_some());
    // However long ago it was used.
    for used in [100, 101] {
        let world = logged_in().after([refresh(1, 100, 101), after(60), refresh(1, 101, 102), after(60)]);
        let world = world.when(refresh(1, used, 103)).then(["LoginEnded 1 of user:ada: REFRESH_USED_TWICE"]);
        world.when(refresh(1, 102, 104)).refused_as("LOGIN_REFUSED");
    }
}

#[test]
fn an_answer_that_was_lost_costs_no_login() {
    let world = logged_in().after([refresh(1, 100, 101), after(29)]);
    let world = world.when(refresh(1, 100, 102)).then(["LoginRefreshed 1 again"]);
    // What was lost is worth nothing; whoever comes with it did not lose it.
    world.when(refresh(1, 101, 103)).then(["LoginEnded 1 of user:ada: REFRESH_USED_TWICE"]);

    // The 30 s count from the first time.
    let world = logged_in().after([refresh(1, 100, 101), after(20), refresh(1, 100, 102), after(10)]);
    world.when(refresh(1, 100, 103)).then(["LoginEnded 1 of user:ada: REFRESH_USED_TWICE"]);

    let world = logged_in().after([refresh(1, 100, 101), after(20), refresh(1, 100, 102), after(10)]);
    world.when(refresh(1, 102, 103)).then(["LoginRefreshed 1"]);
}

#[test]
fn a_token_of_another_program_ends_nothing() {
    let other = RefreshLogin {
        family: [1; 32],
        refresh: [100; 32],
        client_hash: [9; 32],
        drawn: DrawnTokens { access: [9; 32], refresh: [9; 32] },
    };
    let world = logged_in().when(step(AccessCommand::RefreshLogin(Box::new(other)))).refused_as("LOGIN_REFUSED");
    let world = world.when(refresh(9, 100, 101)).refused_as("LOGIN_REFUSED");
    world.when(refresh(1, 100, 101)).then(["LoginRefreshed 1"]);
}

#[test]
fn a_login_lives_as_long_as_it_is_used_and_90_days_at_most() {
    let idle = logged_in().after([after(30 * DAY)]);
    idle.when(refresh(1, 100, 101)).refused_as("LOGIN_REFUSED");

    let steps =
        [29, 58, 87].iter().zip(100..).flat_map(|(_, number)| [after(29 * DAY), refresh(1, number, number + 1)]);
    let world = logged_in().after(steps);
    let tokens = world.partition.keys.logins[&LoginId([1; 16])].tokens.unwrap();
    assert_eq!(tokens.current.refresh_expires_at, instant(90 * DAY), "not 30 days from now");
    let world = world.after([after(3 * DAY - 1)]).when(refresh(1, 103, 104)).then(["LoginRefreshed 1"]);
    let tokens = world.partition.keys.logins[&LoginId([1; 16])].tokens.unwrap();
    assert_eq!(tokens.current.access_expires_at, instant(90 * DAY), "no access token outlives its login");
    world.after([after(1)]).when(refresh(1, 104, 105)).refused_as("LOGIN_REFUSED");
}

#[test]
fn a_login_of_a_key_ends_with_it() {
    let of_key = || given(&chain("")).after([key(7, "ci", 600), begin(1, Holder::Key(KeyId([7; 16])))]);
    let world = of_key().when(complete(code(1))).then(["LoginCompleted 1 for 600 s, 600 s idle"]);
    assert!(world.partition.keys.key_of(&world.partition.keys.logins[&LoginId([1; 16])]).is_some());
    let revoked = world.after([revoke("ci")]);
    assert!(revoked.partition.keys.logins.is_empty());
    revoked.when(refresh(1, 100, 101)).refused_as("LOGIN_REFUSED");

    of_key().after([revoke("ci")]).when(complete(code(1))).refused_as("LOGIN_REFUSED");
    let expired = of_key().after([complete(code(1)), after(600)]);
    let expired = expired.when(refresh(1, 100, 101)).refused_as("LOGIN_REFUSED");
    // Who takes its name takes nothing of its logins.
    let renamed = expired.after([key(8, "ci", 6_000)]);
    assert!(renamed.partition.keys.logins.is_empty());

    let world = given(&chain("")).when(begin(1, Holder::Key(KeyId([7; 16])))).refused_as("UNKNOWN_KEY");
    world.after([key(7, "ci", 60), after(60)]).when(begin(1, Holder::Key(KeyId([7; 16])))).refused_as("UNKNOWN_KEY");
}

#[test]
fn what_makes_no_sense_is_told() {
    let world = given(&chain(""));
    let long = "x".repeat(101);
    let world = ["", " ada", "a\nb", long.as_str()]
        .into_iter()
        .fold(world, |world, name| world.when(begin(1, person(name))).refused("1 to 100 characters"));
    let nameless = BeginLogin { client: String::new(), ..login(1, person("ada")) };
    let world = world.when(step(AccessCommand::BeginLogin(Box::new(nameless)))).refused("the program that asks");
    let nothing = Holder::Person { user: "ada".to_owned(), grants: Vec::new() };
    let world = world.when(begin(1, nothing)).refused("1 to 20 grants");
    let labels = (0..20).map(|number| format!("l{number:a<40}")).collect();
    let much = Holder::Person { user: "ada".to_owned(), grants: vec![Grant { role: Role::Viewer, labels }] };
    let world = world.when(begin(1, much)).refused("at most 512 are allowed");
    let world = world.after([begin(1, person("ada"))]).when(begin(1, person("eve"))).refused_as("INVALID_LOGIN");
    world.when(end(9)).refused_as("UNKNOWN_LOGIN");
}

#[test]
fn somebody_ends_a_login_and_then_it_is_gone() {
    let world = logged_in().when(end(1)).then(["LoginEnded 1 of user:ada: ENDED"]);
    let world = world.when(refresh(1, 100, 101)).refused_as("LOGIN_REFUSED");
    world.when(end(1)).refused("there is no login");
}

#[test]
fn of_too_many_logins_of_somebody_the_oldest_ends() {
    let most = u8::try_from(limits::LOGINS_PER_SUBJECT_MAX).unwrap();
    let world = given(&chain("")).after([begin(200, person("eve")), complete(code(200))]);
    let world = (1..=most)
        .fold(world, |world, number| world.after([begin(number, person("ada")), complete(code(number)), after(1)]));
    let world = world.when(begin(100, person("ada")));
    let world = world.then(["LoginEnded 1 of user:ada: REPLACED", "LoginBegun 100 of user:ada for cli"]);
    // One that is over makes room without a word: the code of the last one was never fetched.
    let world = world.after([after(60)]).when(begin(101, person("ada"))).then(["LoginBegun 101 of user:ada for cli"]);
    assert!(world.partition.keys.logins.contains_key(&LoginId([200; 16])), "somebody else's is not concerned");
}

#[test]
fn of_too_many_logins_of_everybody_the_oldest_ends() {
    let many = |number: usize| {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        let mut begin = login(0, person(&format!("user-{number}")));
        begin.login.0.copy_from_slice(&id[..16]);
        begin.code = id;
        let complete = CompleteLogin { code: id, family: id, ..code(0) };
        [step(AccessCommand::BeginLogin(Box::new(begin))), step(AccessCommand::CompleteLogin(Box::new(complete)))]
    };
    let steps = (0..limits::LOGINS_MAX).flat_map(many);
    let world = given(&chain("")).without_checks(steps).after([after(1)]);
    let world = world.when(begin(250, person("ada")));
    let world = world.then(["LoginEnded 0 of user:user-0: REPLACED", "LoginBegun 250 of user:ada for cli"]);
    assert_eq!(world.partition.keys.logins.len(), limits::LOGINS_MAX);
}
