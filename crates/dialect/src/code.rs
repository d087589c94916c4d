//! The stable codes of diagnostics. A code is never given another meaning; a rule that goes keeps its number unused.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $number:literal, $title:literal;)*) => {
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
        }
    };
}

codes! {
    Syntax = 1001, "the text is not valid YAML";
    TooLarge = 1002, "the document exceeds a limit";
    DuplicateKey = 1003, "a key is given twice";
    UnknownKey = 1004, "a key that the language does not know";
    MissingKey = 1005, "a required key is missing";
    WrongType = 1006, "a value has the wrong type";
    NotInEnum = 1007, "a value is not one of the allowed words";
    OutOfRange = 1008, "a number, text or list is outside its limits";
    BadFormat = 1009, "a text does not have the required form";
    UnsupportedYaml = 1010, "a YAML feature that the language does not take";
    SurprisingKey = 1011, "a map key that YAML does not read as the text that is written";
    NoTasks = 1020, "a pipeline or a group without tasks";
    DuplicateId = 1021, "an id is used twice in the pipeline";
    UnknownDependency = 1022, "a dependency that does not exist";
    SelfDependency = 1023, "an entry depends on itself";
    DependencyCycle = 1024, "dependencies form a cycle";
    NestedGroup = 1025, "a task group inside a task group";
    WrongIntegration = 1026, "a job that belongs to another integration";
    BadId = 1027, "an id that cannot be used";
    ExpressionSyntax = 1040, "an expression cannot be read";
    UnknownName = 1041, "an expression uses a name that does not exist";
    NameOutOfPlace = 1042, "an expression uses a name that does not exist at this place";
    UndeclaredInput = 1043, "an expression uses an input that is not declared";
    TemplateOutOfPlace = 1044, "a template where the language takes none";
    UnclosedTemplate = 1045, "a template that is never closed";
    Cron = 1060, "a cron expression cannot be read";
    UnknownTimeZone = 1061, "a time zone that does not exist";
    NeverFires = 1062, "a schedule that never fires";
    BadDate = 1063, "a date that does not exist";
    InputRule = 1070, "an input declaration contradicts itself";
    MissingRunInput = 1071, "a trigger does not give a required input";
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
