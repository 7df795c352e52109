//! Many orders at once, from CSV or JSON lines. A bad line is reported by its
//! number and stops nothing; good ones are written.

use super::written::{WrittenItem, WrittenOrder, Wrong};
use jiff::Timestamp;
use onethread_core::Millis;
use onethread_core::order::Order;
use onethread_store::{Db, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// So many are written in one transaction.
const AT_ONCE: usize = 200;
/// More than this nobody reads.
const MOST_ERRORS: usize = 1000;
const COLUMNS: [&str; 13] = [
    "code",
    "status",
    "phone",
    "customer_name",
    "carrier",
    "tracking_code",
    "tracking_url",
    "expected_at",
    "currency",
    "total",
    "items",
    "address",
    "updated_at",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
}

impl Format {
    #[must_use]
    pub fn of_mime(mime: &str) -> Option<Self> {
        match mime.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "text/csv" => Some(Self::Csv),
            "application/jsonl" | "application/x-ndjson" | "application/json-lines" => Some(Self::JsonLines),
            _ => None,
        }
    }

    #[must_use]
    pub fn of_file(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// What became of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Imported {
    /// Orders that were not there before.
    pub imported: usize,
    /// Orders that were.
    pub updated: usize,
    pub errors: Vec<LineError>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineError {
    /// From 1, as editors count.
    pub line: u64,
    pub detail: String,
}

/// Write the good lines; report the others.
pub async fn import(db: &Db, format: Format, bytes: &[u8], now: Millis) -> Result<Imported, StoreError> {
    let lines = match format {
        Format::Csv => read_csv(bytes),
        Format::JsonLines => read_json_lines(bytes),
    };
    let mut done = Imported::default();
    let mut good = Vec::new();
    for (line, read) in lines {
        match read.and_then(|order| order.check(None, now).map_err(in_words)) {
            Ok(order) => good.push(order),
            Err(detail) if done.errors.len() < MOST_ERRORS => done.errors.push(LineError { line, detail }),
            Err(_) => {}
        }
    }
    for orders in good.chunks(AT_ONCE) {
        write(db, orders, &mut done, now).await?;
    }
    Ok(done)
}

async fn write(db: &Db, orders: &[Order], done: &mut Imported, now: Millis) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    for order in orders {
        if tx.put_order(order).await? {
            done.imported += 1;
        } else {
            done.updated += 1;
        }
    }
    tx.commit(now).await
}

type Read = Result<WrittenOrder, String>;

fn in_words(wrong: Vec<Wrong>) -> String {
    wrong.iter().map(|wrong| format!("`{}` {}", wrong.field, wrong.detail)).collect::<Vec<_>>().join("; ")
}

fn read_json_lines(bytes: &[u8]) -> Vec<(u64, Read)> {
    let read = |(number, line): (usize, &[u8])| {
        let line = line.trim_ascii();
        let line = if number == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        let order = serde_json::from_slice(line).map_err(|error| format!("is not an order: {error}"));
        (!line.is_empty()).then_some((number as u64 + 1, order))
    };
    bytes.split(|byte| *byte == b'\n').enumerate().filter_map(read).collect()
}

fn read_csv(bytes: &[u8]) -> Vec<(u64, Read)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).delimiter(delimiter(bytes)).from_reader(bytes);
    let headers: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(str::to_lowercase).collect(),
        Err(error) => return vec![(1, Err(format!("is not CSV: {error}")))],
    };
    if let Some(unknown) = headers.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        return vec![(1, Err(format!("the column `{unknown}` is not known; use {}", COLUMNS.join(", "))))];
    }
    if !headers.iter().any(|name| name == "code") {
        return vec![(1, Err("the first line must name the columns, `code` and `status` among them".to_owned()))];
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                lines.push((line, read_record(&headers, &record)));
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                lines.push((line, Err(format!("is not CSV: {error}"))));
            }
        }
    }
    lines
}

/// Vietnamese spreadsheets part columns by semicolons.
fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| first.iter().filter(|byte| **byte == wanted).count();
    if count(b';') > count(b',') { b';' } else { b',' }
}

fn read_record(headers: &[String], record: &csv::StringRecord) -> Read {
    if record.len() > headers.len() {
        return Err(format!("has {} fields, more than the {} columns", record.len(), headers.len()));
    }
    let mut order = WrittenOrder::default();
    for (name, text) in headers.iter().zip(record) {
        if text.is_empty() {
            continue;
        }
        let some = Some(text.to_owned());
        match name.as_str() {
            "code" => order.code = some,
            "status" => order.status = text.to_owned(),
            "phone" => order.phone = some,
            "customer_name" => order.customer_name = some,
            "carrier" => order.carrier = some,
            "tracking_code" => order.tracking_code = some,
            "tracking_url" => order.tracking_url = some,
            "expected_at" => order.expected_at = Some(instant("expected_at", text)?),
            "currency" => order.currency = some,
            "total" => order.total = Some(number("total", text)?),
            "items" => order.items = items(text)?,
            "address" => order.address = some,
            _ => order.updated_at = Some(instant("updated_at", text)?),
        }
    }
    Ok(order)
}

fn number(field: &str, text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("`{field}` must be a whole number in minor units, such as 350000"))
}

/// Unix milliseconds, a day, or RFC 3339.
fn instant(field: &str, text: &str) -> Result<Millis, String> {
    if let Ok(millis) = text.parse() {
        return Ok(millis);
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant.as_millisecond());
    }
    let day = text.parse::<jiff::civil::Date>().ok().and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
    day.map(|day| day.timestamp().as_millisecond())
        .ok_or_else(|| format!("`{field}` must be unix milliseconds, a day such as 2026-11-22, or RFC 3339"))
}

/// A JSON array, or `Áo thun x2; Mũ`.
fn items(text: &str) -> Result<Vec<WrittenItem>, String> {
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(|error| format!("`items` is not a list of items: {error}"));
    }
    let item = |part: &str| {
        let (name, quantity) = match part.rsplit_once(" x") {
            Some((name, quantity)) => (name, quantity.trim().parse().ok()),
            None => (part, Some(1)),
        };
        match quantity {
            Some(quantity) => WrittenItem { name: name.trim().to_owned(), quantity, price: 0 },
            None => WrittenItem { name: part.trim().to_owned(), quantity: 1, price: 0 },
        }
    };
    Ok(text.split(';').filter(|part| !part.trim().is_empty()).map(item).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_by_itself() {
        let csv = "code,status,total,items,expected_at\nDH1,placed,350000,Áo thun x2; Mũ,2026-11-25\nDH2,placed,much,,\nDH3,placed,,,\n";
        let lines = read_csv(csv.as_bytes());
        let first = lines[0].1.as_ref().unwrap();
        assert_eq!((lines[0].0, first.total, first.items[0].quantity, first.items[1].name.as_str()), (2, Some(350_000), 2, "Mũ"));
        assert_eq!(first.expected_at, Some(1_795_564_800_000));
        assert_eq!((lines[1].0, lines[1].1.is_err()), (3, true));
        assert!(lines[2].1.is_ok());
    }

    #[test]
    fn an_unknown_column_is_named_and_nothing_is_read() {
        let lines = read_csv("\u{feff}code;state\nDH1;placed\n".as_bytes());
        assert_eq!(lines.len(), 1);
        assert!(lines[0].1.as_ref().unwrap_err().contains("`state`"));
    }

    #[test]
    fn json_lines_keep_their_numbers_over_blank_ones() {
        let lines = read_json_lines(b"{\"code\":\"A1\",\"status\":\"placed\"}\n\n{oops\n");
        assert_eq!(lines.iter().map(|(line, read)| (*line, read.is_ok())).collect::<Vec<_>>(), [(1, true), (3, false)]);
    }
}
