//! The values of many rows, as PostgreSQL takes them: an array for each column.

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgHasArrayType, PgTypeInfo, Postgres};
use sqlx::{Arguments, Type};

/// Values are bound row by row, as with a query, and put to their columns.
pub(crate) struct Columns {
    arrays: Vec<Array>,
    /// How many columns a row has.
    width: usize,
    /// The column of the next value.
    next: usize,
    failed: Option<BoxDynError>,
}

impl Columns {
    pub(super) fn new(width: usize) -> Self {
        Self { arrays: Vec::with_capacity(width), width, next: 0, failed: None }
    }

    /// A column has the type of its first value; each row must have the same ones.
    pub(crate) fn bind<'q, T>(mut self, value: T) -> Self
    where
        T: Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType,
    {
        if self.next == self.arrays.len() {
            self.arrays.push(Array::new(&T::type_info(), T::array_type_info()));
        }
        if let Err(error) = self.arrays[self.next].push(&value) {
            self.failed.get_or_insert(error);
        }
        self.next = (self.next + 1) % self.width;
        self
    }

    pub(crate) fn arrays(self) -> Result<PgArguments, sqlx::Error> {
        if let Some(error) = self.failed {
            return Err(sqlx::Error::Encode(error));
        }
        let mut arguments = PgArguments::default();
        arguments.reserve(self.arrays.len(), self.arrays.iter().map(|array| array.values.len() + HEAD).sum());
        for array in self.arrays {
            arguments.add(array).map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }
}

/// Bytes of an array before its values, with those that say how long it is.
const HEAD: usize = 24;

/// A one-dimensional array, as `array_recv` of PostgreSQL reads it.
struct Array {
    kind: PgTypeInfo,
    /// Of the values' type, as the server knows it.
    oid: u32,
    values: PgArgumentBuffer,
    count: i32,
}

impl Array {
    fn new(element: &PgTypeInfo, kind: PgTypeInfo) -> Self {
        // Only types that come with PostgreSQL are bound, and theirs are fixed.
        let oid = element.oid().map_or(0, |oid| oid.0);
        Self { kind, oid, values: PgArgumentBuffer::default(), count: 0 }
    }

    fn push<'q>(&mut self, value: &impl Encode<'q, Postgres>) -> Result<(), BoxDynError> {
        let at = self.values.len();
        self.values.extend([0; 4]);
        let length = match value.encode_by_ref(&mut self.values)? {
            IsNull::Yes => -1,
            IsNull::No => i32::try_from(self.values.len() - at - 4)?,
        };
        self.values[at..at + 4].copy_from_slice(&length.to_be_bytes());
        self.count += 1;
        Ok(())
    }
}

impl Type<Postgres> for Array {
    /// Each says its own, see [`Encode::produces`].
    fn type_info() -> PgTypeInfo {
        <Vec<String> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Array {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let (dimensions, flags, from) = (1_i32, 0_i32, 1_i32);
        buffer.extend(dimensions.to_be_bytes());
        buffer.extend(flags.to_be_bytes());
        buffer.extend(self.oid.to_be_bytes());
        buffer.extend(self.count.to_be_bytes());
        buffer.extend(from.to_be_bytes());
        buffer.extend_from_slice(&self.values);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.kind.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::types::Json;

    /// As sqlx itself writes an array of these.
    fn written<T>(values: Vec<T>) -> Vec<u8>
    where
        T: Encode<'static, Postgres> + Type<Postgres> + PgHasArrayType,
    {
        let mut buffer = PgArgumentBuffer::default();
        let _ = values.encode(&mut buffer).expect("it can be written");
        buffer.to_vec()
    }

    #[test]
    fn each_column_is_an_array_of_its_values_in_order() {
        let columns = Columns::new(4);
        let columns = columns.bind("chị Lan").bind(Some(7_i64)).bind(Json(["đỏ"])).bind(b"a\0".as_slice());
        let columns = columns.bind("").bind(None::<i64>).bind(Json(["xanh"])).bind(b"".as_slice());
        let bytes = |array: &Array| {
            let mut buffer = PgArgumentBuffer::default();
            let _ = array.encode_by_ref(&mut buffer).expect("it can be written");
            buffer.to_vec()
        };
        let arrays: Vec<Vec<u8>> = columns.arrays.iter().map(bytes).collect();
        let texts = written(vec!["chị Lan", ""]);
        let numbers = written(vec![Some(7_i64), None]);
        let lists = written(vec![Json(["đỏ"]), Json(["xanh"])]);
        let raw = written(vec![b"a\0".to_vec(), Vec::new()]);
        assert_eq!(arrays, [texts, numbers, lists, raw]);
        let kinds: Vec<Option<PgTypeInfo>> = columns.arrays.iter().map(Encode::produces).collect();
        assert_eq!(kinds[1], Some(i64::array_type_info()));
        assert_eq!(kinds[3], Some(Vec::<u8>::array_type_info()));
    }
}
