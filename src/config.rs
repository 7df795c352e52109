//! What an operator may set: `onethread.toml`, then `ONETHREAD_*`, over the
//! defaults of `onethread.default.toml`, which is the manual. The only place
//! that reads the environment.

use anyhow::{Context, Result, anyhow, bail};
use onethread_core::Secret;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The manual: every key with its default and its purpose.
pub const DEFAULTS: &str = include_str!("onethread.default.toml");
const FILE: &str = "onethread.toml";
const PREFIX: &str = "ONETHREAD_";
/// Names below the prefix that are no keys.
const NOT_KEYS: [&str; 2] = ["ONETHREAD_CONFIG", "ONETHREAD_TEST_"];
const SECRETS: [&str; 3] = ["secret_key", "admin_password", "database_url"];

#[derive(Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    database_url: String,
    /// Without a slash at the end.
    pub public_url: String,
    /// `None`: generated into the data directory.
    pub secret_key: Option<Secret>,
    /// E-mail address and password of the first admin.
    pub admin: Option<(String, Secret)>,
    pub trust_proxy: bool,
    pub log_level: String,
    pub log_json: bool,
    pub limits: Limits,
    pub ledger_retention: Duration,
    /// What the operator should know, such as a misspelt variable.
    pub warnings: Vec<String>,
    shown: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub body: usize,
    pub file: usize,
}

/// One value as it was written, and where.
#[derive(Clone)]
struct Value {
    text: String,
    origin: String,
}

/// Our variables, those that are text.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}

/// Never a secret: a configuration may end up in a log.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Config {
    /// Read the given file (or `ONETHREAD_CONFIG`, or `onethread.toml` where there is one) and the environment.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        let environment = environment();
        let named = environment.iter().find(|(name, _)| name == "ONETHREAD_CONFIG").map(|(_, path)| PathBuf::from(path));
        let named = file.map(Path::to_owned).or(named);
        let path = named.clone().unwrap_or_else(|| FILE.into());
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => None,
            Err(error) => return Err(error).with_context(|| format!("could not read `{}`", path.display())),
        };
        Self::read(text.as_deref().map(|text| (path.display().to_string(), text)), environment)
    }

    /// For the demo: the environment alone, and a data directory of its own unless one is named, so
    /// that a demo never meets a shop's real data.
    pub fn load_demo() -> Result<Self> {
        let apart = ("ONETHREAD_DATA_DIR".to_owned(), "./data/demo".to_owned());
        Self::read(None, std::iter::once(apart).chain(environment()))
    }

    /// Defaults, then the file, then the environment. Unknown keys of the file are refused; an
    /// unknown variable is a warning, since other programs may use the prefix.
    pub fn read(file: Option<(String, &str)>, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let mut values = flat(DEFAULTS, "default").context("the embedded defaults are TOML")?;
        let keys: Vec<String> = values.keys().cloned().collect();
        let mut warnings = Vec::new();
        if let Some((name, text)) = file {
            for (key, value) in flat(text, &name).with_context(|| format!("`{name}` is not valid"))? {
                if !values.contains_key(&key) {
                    bail!("`{key}` in `{name}` is not a setting{}", hint(&key, &keys));
                }
                values.insert(key, value);
            }
        }
        for (name, text) in environment {
            if NOT_KEYS.iter().any(|other| name.starts_with(other)) {
                continue;
            }
            match keys.iter().find(|key| variable(key) == name) {
                Some(key) => {
                    values.insert(key.clone(), Value { text, origin: name });
                }
                None => {
                    let variables: Vec<String> = keys.iter().map(|key| variable(key)).collect();
                    warnings.push(format!("the variable `{name}` is not a setting{}", hint(&name, &variables)));
                }
            }
        }
        Self::of(values, warnings)
    }

    fn of(values: BTreeMap<String, Value>, warnings: Vec<String>) -> Result<Self> {
        let get = |key: &str| values.get(key).map_or("", |value| value.text.trim());
        let listen: SocketAddr = parsed(&values, "listen", |text| {
            text.parse().map_err(|_| anyhow!("write an address and a port, such as 127.0.0.1:8080"))
        })?;
        let data_dir = PathBuf::from(get("data_dir"));
        let database_url = parsed(&values, "database_url", |text| database_url(text, &data_dir))?;
        let public_url = parsed(&values, "public_url", |text| public_url(text, listen))?;
        let admin = match (get("admin_email"), get("admin_password")) {
            ("", "") => None,
            ("", _) | (_, "") => bail!("`admin_email` and `admin_password` belong together: set both or neither"),
            (email, password) => Some((email.to_lowercase(), Secret::new(password))),
        };
        Ok(Self {
            listen,
            database_url,
            public_url,
            secret_key: parsed(&values, "secret_key", secret_key)?,
            admin,
            trust_proxy: parsed(&values, "trust_proxy", yes_or_no)?,
            log_level: parsed(&values, "log.level", log_level)?,
            log_json: parsed(&values, "log.format", |text| match text {
                "text" => Ok(false),
                "json" => Ok(true),
                _ => Err(anyhow!("use \"text\" or \"json\"")),
            })?,
            limits: Limits { body: parsed(&values, "limits.body", size)?, file: parsed(&values, "limits.file", size)? },
            ledger_retention: parsed(&values, "retention.ledger", duration)?,
            data_dir,
            warnings,
            shown: values,
        })
    }

    /// The effective settings, one a line, with where each comes from. Secrets are hidden.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut lines = String::new();
        for (key, value) in &self.shown {
            let text = match key.as_str() {
                "database_url" => without_password(&self.database_url),
                "public_url" => self.public_url.clone(),
                key if SECRETS.contains(&key) && !value.text.is_empty() => "(hidden)".to_owned(),
                _ => value.text.clone(),
            };
            lines.push_str(&format!("{key} = {text:?}    # {}\n", value.origin));
        }
        lines
    }

    /// Where the database is. May hold a password.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// `limits.file` → `ONETHREAD_LIMITS_FILE`.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

fn flat(text: &str, origin: &str) -> Result<BTreeMap<String, Value>> {
    let table: toml::Table = text.parse()?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => {
                for (name, value) in inner {
                    values.insert(format!("{key}.{name}"), scalar(&value, origin).with_context(|| format!("`{key}.{name}`"))?);
                }
            }
            value => {
                values.insert(key.clone(), scalar(&value, origin).with_context(|| format!("`{key}`"))?);
            }
        }
    }
    Ok(values)
}

fn scalar(value: &toml::Value, origin: &str) -> Result<Value> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        _ => bail!("must be a text, a number or true/false"),
    };
    Ok(Value { text, origin: origin.to_owned() })
}

fn parsed<T>(values: &BTreeMap<String, Value>, key: &str, how: impl Fn(&str) -> Result<T>) -> Result<T> {
    let value = values.get(key).with_context(|| format!("`{key}` has a default"))?;
    // A wrong database URL may hold a password: name the key only.
    let shown = if SECRETS.contains(&key) { String::new() } else { format!(" = {:?}", value.text) };
    how(value.text.trim()).with_context(|| format!("`{key}`{shown} (from {})", value.origin))
}

fn hint(typed: &str, known: &[String]) -> String {
    let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(typed, a).total_cmp(&strsim::jaro_winkler(typed, b)));
    nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}

fn database_url(text: &str, data_dir: &Path) -> Result<String> {
    if text.is_empty() {
        return Ok(format!("sqlite:{}", data_dir.join("onethread.db").display()));
    }
    if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Ok(text.to_owned());
    }
    Err(anyhow!("use sqlite:PATH or postgres://user:password@host/database"))
}

fn public_url(text: &str, listen: SocketAddr) -> Result<String> {
    if text.is_empty() {
        let host = if listen.ip().is_unspecified() { "127.0.0.1".into() } else { listen.ip().to_string() };
        let host = if listen.is_ipv6() && host.contains(':') { format!("[{host}]") } else { host };
        return Ok(format!("http://{host}:{}", listen.port()));
    }
    let url = url::Url::parse(text).map_err(|_| anyhow!("write it like https://chat.example.vn"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.query().is_some() {
        bail!("write it like https://chat.example.vn");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn secret_key(text: &str) -> Result<Option<Secret>> {
    if text.is_empty() {
        return Ok(None);
    }
    // The reason could hold a part of the key.
    crate::seal::read_key(text).map_err(|_| anyhow!("write 32 bytes as 64 hex digits: openssl rand -hex 32"))?;
    Ok(Some(Secret::new(text)))
}

/// A word that is no level would be taken for a module's name, and nothing would be logged.
fn log_level(text: &str) -> Result<String> {
    let is_level = |word: &str| word.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    let named = |part: &str| part.contains('=') || !part.is_empty() && is_level(part);
    if !text.split(',').all(named) || tracing_subscriber::EnvFilter::try_new(text).is_err() {
        bail!("use error, warn, info, debug or trace, or a filter such as \"info,onethread=debug\"");
    }
    Ok(text.to_owned())
}

fn yes_or_no(text: &str) -> Result<bool> {
    match text {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" | "" => Ok(false),
        _ => Err(anyhow!("use true or false")),
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

fn size(text: &str) -> Result<usize> {
    let wrong = || anyhow!("write a size such as 512 KiB or 25 MiB");
    let (number, unit) = split_unit(text);
    let number: usize = number.parse().map_err(|_| wrong())?;
    let factor: usize = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" | "kb" | "k" => 1 << 10,
        "mib" | "mb" | "m" => 1 << 20,
        "gib" | "gb" | "g" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

fn duration(text: &str) -> Result<Duration> {
    let wrong = || anyhow!("write a duration such as 30s, 5m, 12h or 30d");
    let (number, unit) = split_unit(text);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

fn without_password(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => match parsed.set_password(Some("hidden")) {
            Ok(()) => parsed.to_string(),
            Err(()) => "(hidden)".to_owned(),
        },
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, environment: &[(&str, &str)]) -> Result<Config> {
        let environment = environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Config::read(Some((FILE.to_owned(), file)), environment)
    }

    #[test]
    fn the_defaults_are_enough() {
        let config = read("", &[]).unwrap();
        assert_eq!(config.database_url(), "sqlite:./data/onethread.db");
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert_eq!((config.limits.body, config.limits.file), (1 << 20, 25 << 20));
        assert_eq!(config.ledger_retention, Duration::from_secs(30 * 86_400));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = read("listen = \"127.0.0.1:1\"\n[limits]\nfile = \"1 MiB\"", &[("ONETHREAD_LISTEN", "[::1]:2")]).unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.public_url, "http://[::1]:2");
        assert_eq!(config.limits.file, 1 << 20);
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        let error = read("[limits]\nfiles = 3", &[]).unwrap_err();
        assert_eq!(error.to_string(), "`limits.files` in `onethread.toml` is not a setting; did you mean `limits.file`?");
        let config = read("", &[("ONETHREAD_DATABSE_URL", "x"), ("ONETHREAD_TEST_POSTGRES", "y")]).unwrap();
        assert_eq!(config.warnings.len(), 1);
        assert!(config.warnings[0].ends_with("did you mean `ONETHREAD_DATABASE_URL`?"), "{:?}", config.warnings);
    }

    #[test]
    fn a_wrong_value_says_where_it_is_and_what_to_write() {
        let error = read("[limits]\nfile = \"much\"", &[]).unwrap_err();
        let whole = format!("{error:#}");
        assert_eq!(whole, "`limits.file` = \"much\" (from onethread.toml): write a size such as 512 KiB or 25 MiB");
    }

    #[test]
    fn secrets_are_not_shown() {
        let environment = [
            ("ONETHREAD_DATABASE_URL", "postgres://shop:hush@db/one"),
            ("ONETHREAD_SECRET_KEY", &"a5".repeat(32)),
            ("ONETHREAD_ADMIN_EMAIL", "Lan@shop.vn"),
            ("ONETHREAD_ADMIN_PASSWORD", "hush"),
        ];
        let config = read("", &environment).unwrap();
        assert!(config.shown().contains("postgres://shop:hidden@db/one"), "{}", config.shown());
        for secret in ["hush", "a5a5"] {
            assert!(!config.shown().contains(secret) && !format!("{config:?}").contains(secret));
        }
        for wrong in ["database_url = \"mysql://shop:hush@db\"", "secret_key = \"hush\""] {
            let error = read(wrong, &[]).unwrap_err();
            assert!(!format!("{error:#}").contains("hush"));
        }
    }

    #[test]
    fn a_key_that_seals_nothing_and_a_level_that_logs_nothing_are_refused() {
        for wrong in ["hush", "a5", &"zz".repeat(32)] {
            let error = read(&format!("secret_key = {wrong:?}"), &[]).unwrap_err();
            assert!(format!("{error:#}").contains("64 hex digits"), "{error:#}");
        }
        for level in ["warn", "OFF", "info,onethread=debug"] {
            assert!(read(&format!("log.level = {level:?}"), &[]).is_ok(), "{level}");
        }
        for level in ["verbose", "inf,onethread=debug", "info,onethread=loud", ""] {
            let error = read(&format!("log.level = {level:?}"), &[]).unwrap_err();
            assert!(format!("{error:#}").contains("use error, warn"), "{level}: {error:#}");
        }
    }

    #[test]
    fn half_an_admin_is_refused() {
        assert!(read("admin_email = \"lan@shop.vn\"", &[]).is_err());
    }
}
