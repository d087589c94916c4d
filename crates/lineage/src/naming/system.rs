//! Systems that hold assets, and how each of them names its own.

use super::{host, trimmed};

/// A system whose names have rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// `postgres://host:5432`, `database.schema.table`
    Postgres,
    /// `redshift://cluster.region:5439`, `database.schema.table`
    Redshift,
    /// `mysql://host:3306`, `database.table`; MariaDB, too
    MySql,
    /// `mssql://host:1433`, `database.schema.table`
    SqlServer,
    /// `snowflake://organisation-account`, `database.schema.table`
    Snowflake,
    /// `bigquery`, `project.dataset.table`
    BigQuery,
    /// `databricks://host`, `catalog.schema.table`
    Databricks,
    /// `duckdb://path`, `database.schema.table`
    DuckDb,
    /// `motherduck`, `database.schema.table`
    MotherDuck,
    /// `clickhouse://host:8123`, `database.table`
    ClickHouse,
    /// `trino://host:8080`, `catalog.schema.table`
    Trino,
    /// `oracle://host:1521`, `service.schema.table`
    Oracle,
    /// `hive://host:10000`, `database.table`
    Hive,
    /// `awsathena://athena.region.amazonaws.com`, `catalog.database.table`
    Athena,
    /// `mongodb://host:27017`, `database.collection`
    MongoDb,
    /// `kafka://host:9092`, topic
    Kafka,
    /// `s3://bucket`, key
    S3,
    /// `gs://bucket`, key
    Gcs,
    /// `abfss://container@account.dfs.core.windows.net`, path
    Adls,
    /// `file`, path; or `file://host`
    File,
}

/// Spellings of a scheme, the canonical one first; default port; whether letters are folded.
struct Rules {
    schemes: &'static [&'static str],
    port: Option<u16>,
    folds: bool,
}

/// Where an instance of a system is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// Host name, account (Snowflake), bucket or path (DuckDB), as the system wants it.
    pub at: &'a str,
    /// Its port, if it is not the default.
    pub port: Option<u16>,
}

impl System {
    /// Every one of them.
    pub const ALL: [Self; 20] = [
        Self::Postgres,
        Self::Redshift,
        Self::MySql,
        Self::SqlServer,
        Self::Snowflake,
        Self::BigQuery,
        Self::Databricks,
        Self::DuckDb,
        Self::MotherDuck,
        Self::ClickHouse,
        Self::Trino,
        Self::Oracle,
        Self::Hive,
        Self::Athena,
        Self::MongoDb,
        Self::Kafka,
        Self::S3,
        Self::Gcs,
        Self::Adls,
        Self::File,
    ];

    fn rules(self) -> Rules {
        let rules = |schemes, port, folds| Rules { schemes, port, folds };
        match self {
            Self::Postgres => rules(&["postgres", "postgresql"], Some(5432), true),
            Self::Redshift => rules(&["redshift"], Some(5439), true),
            // Names of tables are names of files there, on Linux with their case.
            Self::MySql => rules(&["mysql", "mariadb"], Some(3306), false),
            Self::SqlServer => rules(&["mssql", "sqlserver"], Some(1433), true),
            Self::Snowflake => rules(&["snowflake"], None, true),
            Self::BigQuery => rules(&["bigquery"], None, false),
            Self::Databricks => rules(&["databricks"], None, true),
            Self::DuckDb => rules(&["duckdb"], None, true),
            Self::MotherDuck => rules(&["motherduck"], None, true),
            Self::ClickHouse => rules(&["clickhouse"], Some(8123), false),
            Self::Trino => rules(&["trino", "presto"], Some(8080), true),
            Self::Oracle => rules(&["oracle"], Some(1521), true),
            Self::Hive => rules(&["hive", "hive2"], Some(10000), true),
            Self::Athena => rules(&["awsathena"], None, true),
            Self::MongoDb => rules(&["mongodb", "mongodb+srv"], Some(27017), false),
            Self::Kafka => rules(&["kafka"], Some(9092), false),
            Self::S3 => rules(&["s3", "s3a", "s3n"], None, false),
            Self::Gcs => rules(&["gs", "gcs"], None, false),
            Self::Adls => rules(&["abfss", "abfs"], None, false),
            Self::File => rules(&["file"], None, false),
        }
    }

    /// The system of a scheme, in any of its spellings.
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        let scheme = scheme.to_lowercase();
        let known = |scheme: &str| Self::ALL.into_iter().find(|system| system.rules().schemes.contains(&scheme));
        // SQLAlchemy names the driver, too: `postgresql+psycopg2`.
        known(&scheme).or_else(|| known(scheme.split_once('+')?.0))
    }

    /// The canonical scheme.
    pub fn scheme(self) -> &'static str {
        self.rules().schemes[0]
    }

    /// Do its names have parts, with quotes where needed?
    pub(super) fn is_database(self) -> bool {
        !self.holds_files() && !matches!(self, Self::Kafka)
    }

    /// Are its names paths?
    pub(super) fn holds_files(self) -> bool {
        matches!(self, Self::S3 | Self::Gcs | Self::Adls | Self::File)
    }

    /// Is there only one of it, so that its namespace is its scheme?
    pub(super) fn stands_alone(self) -> bool {
        matches!(self, Self::BigQuery | Self::MotherDuck | Self::File)
    }

    /// Are names that differ in case only the same? Quoted names that differ so are the price: nobody reports quotes.
    pub fn folds(self) -> bool {
        self.rules().folds
    }

    /// The namespace of an instance.
    pub fn namespace(self, place: &Place<'_>) -> String {
        let at = place.at.trim();
        match place.port {
            Some(port) if self.rules().port.is_some() => {
                // An address in brackets, so that its colons are not taken for the port's.
                let at = if at.contains(':') && !at.starts_with('[') { format!("[{at}]") } else { at.to_owned() };
                self.canonical(&format!("{}:{port}", if at.starts_with('/') { "" } else { &at }))
            }
            _ => self.canonical(at),
        }
    }

    /// The namespace, of what follows the scheme.
    pub(super) fn canonical(self, rest: &str) -> String {
        let scheme = self.scheme();
        match self {
            Self::BigQuery | Self::MotherDuck => scheme.to_owned(),
            Self::File => match host::authority(rest, None) {
                here if here == "localhost" => scheme.to_owned(),
                host => format!("{scheme}://{host}"),
            },
            Self::Snowflake => format!("{scheme}://{}", account(rest)),
            // A path, or `:memory:`.
            Self::DuckDb => format!("{scheme}://{}", trimmed(rest)),
            Self::Adls => format!("{scheme}://{}", trimmed(rest).to_lowercase()),
            Self::S3 | Self::Gcs => format!("{scheme}://{}", rest.split('/').next().unwrap_or_default().trim()),
            // The first of several bootstrap servers stands for the cluster.
            Self::Kafka => {
                let first = rest.split(',').next().unwrap_or_default();
                format!("{scheme}://{}", host::authority(first, self.rules().port))
            }
            Self::Databricks => {
                // The workspace; its port says nothing.
                let host = host::authority(rest.trim_start_matches("https://"), None);
                format!("{scheme}://{}", host.trim_end_matches(":443"))
            }
            Self::Redshift => format!("{scheme}://{}", cluster(&host::authority(rest, self.rules().port))),
            _ => format!("{scheme}://{}", host::authority(rest, self.rules().port)),
        }
    }
}

/// `cluster.region:port`, of the host of a cluster or a workgroup, in which stands what the cloud made up.
fn cluster(authority: &str) -> String {
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let clouds = [".redshift.amazonaws.com", ".redshift-serverless.amazonaws.com"];
    let Some(name) = clouds.iter().find_map(|cloud| host.strip_suffix(cloud)) else { return authority.to_owned() };
    match name.split('.').collect::<Vec<_>>().as_slice() {
        [cluster, _, region] => format!("{cluster}.{region}:{port}"),
        _ => format!("{name}:{port}"),
    }
}

/// An account of Snowflake as OpenLineage names it: `organisation-account`, or `locator.region.cloud`, in lower case. A locator alone is
/// in the region that Snowflake leaves out, which OpenLineage's clients write as `us-west-1.aws`.
fn account(rest: &str) -> String {
    let text = rest.trim_start_matches("https://");
    let text = text.split(['/', '?']).next().unwrap_or_default().to_lowercase();
    let text = text.rsplit_once('@').map_or(text.as_str(), |(_, after)| after);
    let text = text.split(':').next().unwrap_or_default().trim();
    let text = text.strip_suffix(".snowflakecomputing.com").unwrap_or(text);
    // Host names know no underscore, account names do: they are the same account.
    let text = text.replace('_', "-");
    let parts: Vec<_> = text.split('.').collect();
    match parts.as_slice() {
        [organisation] if organisation.contains('-') => text,
        // `organisation.account` is how SQL writes it, but for regions, which have a hyphen.
        [locator] if !locator.is_empty() => format!("{locator}.us-west-1.aws"),
        [locator, region] if region.contains('-') => format!("{locator}.{region}.aws"),
        [organisation, account] => format!("{organisation}-{account}"),
        _ => text,
    }
}
