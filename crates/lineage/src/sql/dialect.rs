//! Dialects: how each reads letters and what its parser takes.

use sqlparser::dialect as parsers;

/// The SQL of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// PostgreSQL and what speaks like it.
    Postgres,
    /// Snowflake.
    Snowflake,
    /// BigQuery.
    BigQuery,
    /// DuckDB, MotherDuck.
    DuckDb,
    /// Redshift.
    Redshift,
    /// MySQL, MariaDB.
    MySql,
    /// SQL Server, Synapse, Fabric.
    SqlServer,
    /// ClickHouse.
    ClickHouse,
    /// Databricks, Spark.
    Databricks,
    /// Anything else: what most of them have in common.
    Generic,
}

/// What becomes of the letters of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Lower,
    Upper,
    Keep,
}

impl Dialect {
    /// Every one of them.
    pub const ALL: [Self; 10] = [
        Self::Postgres,
        Self::Snowflake,
        Self::BigQuery,
        Self::DuckDb,
        Self::Redshift,
        Self::MySql,
        Self::SqlServer,
        Self::ClickHouse,
        Self::Databricks,
        Self::Generic,
    ];

    /// As it is spelled in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Snowflake => "snowflake",
            Self::BigQuery => "bigquery",
            Self::DuckDb => "duckdb",
            Self::Redshift => "redshift",
            Self::MySql => "mysql",
            Self::SqlServer => "tsql",
            Self::ClickHouse => "clickhouse",
            Self::Databricks => "databricks",
            Self::Generic => "generic",
        }
    }

    /// The dialect of that name, in the spellings of dbt and sqlglot, too.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => Self::Postgres,
            "snowflake" => Self::Snowflake,
            "bigquery" => Self::BigQuery,
            "duckdb" | "motherduck" => Self::DuckDb,
            "redshift" => Self::Redshift,
            "mysql" | "mariadb" => Self::MySql,
            "tsql" | "sqlserver" | "mssql" | "synapse" | "fabric" => Self::SqlServer,
            "clickhouse" => Self::ClickHouse,
            "databricks" | "spark" => Self::Databricks,
            "generic" => Self::Generic,
            _ => return None,
        })
    }

    pub(super) fn parser(self) -> Box<dyn parsers::Dialect> {
        match self {
            Self::Postgres => Box::new(parsers::PostgreSqlDialect {}),
            Self::Snowflake => Box::new(parsers::SnowflakeDialect {}),
            Self::BigQuery => Box::new(parsers::BigQueryDialect {}),
            Self::DuckDb => Box::new(parsers::DuckDbDialect {}),
            Self::Redshift => Box::new(parsers::RedshiftSqlDialect {}),
            Self::MySql => Box::new(parsers::MySqlDialect {}),
            Self::SqlServer => Box::new(parsers::MsSqlDialect {}),
            Self::ClickHouse => Box::new(parsers::ClickHouseDialect {}),
            Self::Databricks => Box::new(parsers::DatabricksDialect {}),
            Self::Generic => Box::new(parsers::GenericDialect {}),
        }
    }

    /// Names of tables, schemas and databases without quotes, and with them.
    pub(super) fn folds_tables(self, quoted: bool) -> Fold {
        match self {
            // Names of tables are names of files in MySQL; BigQuery and ClickHouse tell cases apart.
            Self::BigQuery | Self::MySql | Self::ClickHouse => Fold::Keep,
            _ => self.folds_columns(quoted),
        }
    }

    /// Names of columns without quotes, and with them.
    pub(super) fn folds_columns(self, quoted: bool) -> Fold {
        match self {
            Self::Snowflake if quoted => Fold::Keep,
            Self::Snowflake => Fold::Upper,
            Self::Postgres | Self::Generic if quoted => Fold::Keep,
            Self::ClickHouse => Fold::Keep,
            // Not told apart by case, quoted or not (in SQL Server by its usual collation).
            _ => Fold::Lower,
        }
    }

    /// Aliases of tables and names of common table expressions.
    pub(super) fn folds_aliases(self, quoted: bool) -> Fold {
        match self {
            Self::BigQuery => Fold::Lower,
            _ => self.folds_tables(quoted),
        }
    }

    /// May an alias be used beside the value that it names?
    pub(super) fn aliases_beside(self) -> bool {
        matches!(self, Self::Snowflake | Self::Redshift | Self::DuckDb | Self::Databricks | Self::ClickHouse)
    }

    /// Is `a.b` of a column `a` a field of it?
    pub(super) fn dots_are_fields(self) -> bool {
        matches!(self, Self::BigQuery | Self::DuckDb | Self::Databricks | Self::ClickHouse | Self::Generic)
    }

    /// May a common table expression read itself without the word RECURSIVE?
    pub(super) fn recursion_needs_no_word(self) -> bool {
        matches!(self, Self::SqlServer | Self::Snowflake)
    }

    /// Has a database no schemas of its own, so that a name has two parts?
    pub(super) fn without_schemas(self) -> bool {
        matches!(self, Self::MySql | Self::ClickHouse)
    }

    /// Has a value without a name that of its function or of what it is cast from?
    pub(super) fn names_values(self) -> bool {
        matches!(self, Self::Postgres | Self::Redshift)
    }

    /// May one pair of quotes hold a name of several parts?
    pub(super) fn quotes_whole_names(self) -> bool {
        matches!(self, Self::BigQuery)
    }
}

impl Fold {
    pub(super) fn apply(self, name: &str) -> String {
        match self {
            Self::Lower => name.to_lowercase(),
            Self::Upper => name.to_uppercase(),
            Self::Keep => name.to_owned(),
        }
    }
}
