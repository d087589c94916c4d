//! Tokens that are right, and every way in which one is wrong.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256},
};
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

struct Signers {
    rsa: RsaKeyPair,
    other: RsaKeyPair,
    ec: EcdsaKeyPair,
}

impl Signers {
    fn draw() -> Self {
        let rsa = || RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self { rsa: rsa(), other: rsa(), ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    fn set(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // Of 2,048 bits: the modulus stands behind nine bytes of DER, the exponent in the last three.
        let rsa = self.rsa.public_key().as_ref();
        let (modulus, exponent) = (&rsa[9..265], &rsa[267..]);
        // An uncompressed point.
        let point = self.ec.public_key().as_ref();
        json!({ "keys": [
            { "kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256",
              "n": text(modulus),
              "e": text(exponent) },
            { "kty": "EC", "kid": "e", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]) },
            { "kty": "RSA", "kid": "encrypts", "use": "enc", "n": "AQAB", "e": "AQAB" },
            { "kty": "oct", "kid": "shared", "k": "c2VjcmV0" },
            "nothing",
        ] })
    }
}

fn signed_by(pair: &RsaKeyPair, text: &str) -> Vec<u8> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    signature
}

fn token(header: &Value, claims: &Value, sign: impl FnOnce(&str) -> Vec<u8>) -> String {
    let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = URL_SAFE_NO_PAD.encode(sign(&text));
    format!("{text}.{signature}")
}

fn claims() -> Value {
    json!({
        "iss": "https://login.example.com", "aud": "downbeat", "sub": "1", "nonce": "n", "iat": NOW - 5, "exp": NOW + 300,
        "email": "ada@example.com",
    })
}

fn read(token: &str, keys: &[Key]) -> Result<Map<String, Value>, Unverified> {
    let expected = Expected { issuer: "https://login.example.com", client_id: "downbeat", nonce: "n", now: NOW };
    verified(token, keys, &expected)
}

#[test]
fn a_token_is_believed_if_everything_holds() {
    let signers = Signers::draw();
    let keys = keys(&signers.set());
    assert_eq!(keys.len(), 2, "keys of other kinds are left out");
    let rsa = |header: Value| token(&header, &claims(), |text| signed_by(&signers.rsa, text));
    let ec = |header: Value| {
        let sign = |text: &str| signers.ec.sign(&SystemRandom::new(), text.as_bytes()).unwrap().as_ref().to_vec();
        token(&header, &claims(), sign)
    };
    for good in [
        rsa(json!({"alg": "RS256", "kid": "r"})),
        // Of its kind there is one.
        rsa(json!({"alg": "RS256"})),
        ec(json!({"alg": "ES256", "kid": "e"})),
    ] {
        assert_eq!(read(&good, &keys).unwrap()["email"], "ada@example.com");
    }
}

#[test]
fn a_signature_is_of_a_key_of_the_provider_and_of_its_kind() {
    let signers = Signers::draw();
    let keys = keys(&signers.set());
    let sign = |header: Value, pair: &RsaKeyPair| token(&header, &claims(), |text| signed_by(pair, text));
    let good = sign(json!({"alg": "RS256", "kid": "r"}), &signers.rsa);
    let wrong = Unverified::Wrong("its signature is wrong");
    assert_eq!(read(&sign(json!({"alg": "RS256", "kid": "r"}), &signers.other), &keys), Err(wrong));
    // What it says was changed afterwards.
    let parts: Vec<&str> = good.split('.').collect();
    let mut more = claims();
    more["email"] = json!("eve@example.com");
    let changed = [parts[0], &URL_SAFE_NO_PAD.encode(more.to_string()), parts[2]].join(".");
    assert_eq!(read(&changed, &keys), Err(wrong));
    assert_eq!(read(&[parts[0], parts[1], ""].join("."), &keys), Err(wrong));

    for kid in ["unknown", "encrypts", "shared", "e"] {
        let token = sign(json!({"alg": "RS256", "kid": kid}), &signers.rsa);
        assert_eq!(read(&token, &keys), Err(Unverified::UnknownKey), "{kid}");
    }
    let not_ours = Unverified::Wrong("it is not signed with RS256 or ES256");
    for algorithm in ["none", "HS256", "RS384", "rs256", ""] {
        assert_eq!(
            read(&sign(json!({"alg": algorithm, "kid": "r"}), &signers.rsa), &keys),
            Err(not_ours),
            "{algorithm}"
        );
    }
    let token = sign(json!({"alg": "RS256", "kid": "r", "crit": ["b64"]}), &signers.rsa);
    assert!(matches!(read(&token, &keys), Err(Unverified::Wrong(_))));
    // Two keys without a name: nobody guesses which.
    let twice = [keys.clone(), keys].concat();
    assert_eq!(read(&sign(json!({"alg": "RS256"}), &signers.rsa), &twice), Err(Unverified::UnknownKey));
    for text in ["", ".", "..", "a.b.c", "a.b", &good[1..], &format!("{good}.x"), &format!("{good}=")] {
        assert!(read(text, &twice[..2]).is_err(), "{text}");
    }
}

#[test]
fn what_it_says_is_of_this_issuer_for_us_now_and_about_this_sign_in() {
    let signers = Signers::draw();
    let keys = keys(&signers.set());
    for (name, value, words) in [
        ("iss", json!("https://login.example.com/"), "another issuer"),
        ("iss", Value::Null, "another issuer"),
        ("aud", json!("other"), "for somebody else"),
        ("aud", json!(["other"]), "for somebody else"),
        ("aud", Value::Null, "for somebody else"),
        ("aud", json!(["downbeat", "other"]), "given to somebody else"),
        ("azp", json!("other"), "given to somebody else"),
        ("exp", json!(NOW - 60), "expired"),
        ("exp", json!("never"), "until when"),
        ("exp", Value::Null, "until when"),
        ("iat", json!(NOW + 61), "time to come"),
        ("iat", Value::Null, "since when"),
        ("nbf", json!(NOW + 61), "time to come"),
        ("nonce", json!("other"), "another sign-in"),
        ("nonce", json!(""), "another sign-in"),
        ("nonce", Value::Null, "another sign-in"),
        // Clocks differ a little.
        ("exp", json!(NOW - 59), ""),
        ("iat", json!(NOW + 59), ""),
        ("aud", json!(["downbeat"]), ""),
        ("azp", json!("downbeat"), ""),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        let token = token(&json!({"alg": "RS256", "kid": "r"}), &claims, |text| signed_by(&signers.rsa, text));
        match read(&token, &keys) {
            Ok(_) => assert_eq!(words, "", "{name} {value}"),
            Err(Unverified::Wrong(found)) => {
                assert!(!words.is_empty() && found.contains(words), "{name} {value}: {found}")
            }
            Err(found) => panic!("{name} {value}: {found:?}"),
        }
    }
}
