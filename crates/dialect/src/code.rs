//! The stable codes of diagnostics. A code is never given another meaning; a rule that goes keeps its number unused.

use std::fmt;

use crate::Severity::{self, Error, Warning};

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $number:literal, $official:expr, $title:literal;)*) => {
        /// What kind of fault or advice a diagnostic is. Prints as `DB1xxx`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $title] $(#[doc = $doc])* $name = $number,)* }

        impl Code {
            /// Every code, in the order of the numbers.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// A few words that name the rule.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            /// How the official offline validator grades a breach of this rule that we refuse; none where it does not look.
            pub fn official(self) -> Option<Severity> {
                match self { $(Code::$name => $official,)* }
            }

            /// The page that `explain` takes apart. A code without one does not compile.
            pub(crate) fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("explain/DB", $number, ".md")),)* }
            }
        }
    };
}

codes! {
    Syntax = 1001, Some(Error), "the text is not valid YAML";
    TooLarge = 1002, None, "the document exceeds a limit";
    DuplicateKey = 1003, Some(Warning), "a key is given twice";
    UnknownKey = 1004, Some(Warning), "a key that the language does not know";
    MissingKey = 1005, Some(Warning), "a required key is missing";
    WrongType = 1006, Some(Warning), "a value has the wrong type";
    NotInEnum = 1007, Some(Warning), "a value is not one of the allowed words";
    OutOfRange = 1008, Some(Warning), "a number, text or list is outside its limits";
    BadFormat = 1009, Some(Warning), "a text does not have the required form";
    UnsupportedYaml = 1010, None, "a YAML feature that the language does not take";
    SurprisingKey = 1011, None, "a map key that YAML does not read as the text that is written";
    NotUtf8 = 1012, None, "the text is not UTF-8";
    MoreFaults = 1013, None, "more faults than are shown";
    NoTasks = 1020, None, "a pipeline or a group without tasks";
    DuplicateId = 1021, None, "an id is used twice in the pipeline";
    UnknownDependency = 1022, Some(Error), "a dependency that does not exist";
    SelfDependency = 1023, Some(Error), "an entry depends on itself";
    DependencyCycle = 1024, Some(Error), "dependencies form a cycle";
    NestedGroup = 1025, Some(Warning), "a task group inside a task group";
    WrongIntegration = 1026, Some(Warning), "a job that belongs to another integration";
    BadId = 1027, None, "an id that cannot be used";
    UnlistedJob = 1028, None, "a job that looks like a listed one";
    UnusualMatrix = 1029, None, "a matrix that other systems do not take";
    SensorPair = 1030, None, "a sensor check with the type of another integration";
    RepeatedName = 1031, None, "a name is used twice in a list";
    ExpressionSyntax = 1040, Some(Error), "an expression cannot be read";
    UnknownName = 1041, Some(Error), "an expression uses a name that does not exist";
    NameOutOfPlace = 1042, Some(Error), "an expression uses a name that does not exist at this place";
    UndeclaredInput = 1043, None, "an expression uses an input that is not declared";
    TemplateOutOfPlace = 1044, Some(Warning), "a template where the language takes none";
    UnclosedTemplate = 1045, None, "a template that is never closed";
    NotUpstream = 1046, None, "a condition looks at a task that it does not wait for";
    UnknownStatus = 1047, None, "a status is compared with a word that is no status";
    ConstantFault = 1048, None, "an expression that fails whenever it is evaluated";
    Threshold = 1050, Some(Error), "a threshold that cannot be read";
    Cron = 1060, Some(Error), "a cron expression cannot be read";
    UnknownTimeZone = 1061, None, "a time zone that does not exist";
    NeverFires = 1062, None, "a schedule that never fires";
    BadDate = 1063, None, "a date that does not exist";
    LongWindow = 1064, None, "a sensor window that is still open when the next one opens";
    InputRule = 1070, Some(Error), "an input declaration contradicts itself";
    MissingRunInput = 1071, Some(Error), "a trigger does not give a required input";
    UndeclaredRunInput = 1072, None, "a trigger gives an input that is not declared";
    NewerAdditions = 1080, None, "additions of a newer version";
    IdleAddition = 1081, None, "an addition that does nothing where it stands";
    TriggerForm = 1082, None, "an event trigger that does not say clearly what starts a run";
    UnknownSchedule = 1083, None, "options of a schedule that does not exist";
    AssetKey = 1090, None, "a key that no asset can have";
    DeadlineForm = 1091, None, "a deadline that does not say clearly when it is";
}

impl Code {
    /// The number after `DB`.
    pub fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DB{}", self.number())
    }
}
