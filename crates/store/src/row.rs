//! Reads a row into a struct by column name.
//!
//! Column names and field names are the same words (the contract's spelling in every layer), so
//! one serde derive is the whole mapping. A null in a field that is no `Option` is an error.

use serde::Deserialize;
use serde::de::value::{MapDeserializer, StrDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

/// Why a row did not fit its struct.
pub(crate) type RowError = serde::de::value::Error;

/// The row as a `T`.
pub(crate) fn read<T: DeserializeOwned>(row: &Row) -> Result<T, RowError> {
    let cells = row
        .columns()
        .iter()
        .enumerate()
        .map(|(index, column)| (column.name(), Cell { row, index, kind: column.type_() }));
    T::deserialize(MapDeserializer::new(cells))
}

/// As [`bytes`], of a column that may be null.
pub(crate) fn optional_bytes<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Vec<u8>>, D::Error> {
    #[derive(Deserialize)]
    struct Held(#[serde(deserialize_with = "bytes")] Vec<u8>);
    Ok(Option::<Held>::deserialize(deserializer)?.map(|held| held.0))
}

/// Bytes by one copy, not one by one.
pub(crate) fn bytes<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<u8>, D::Error> {
    struct Bytes;
    impl serde::de::Visitor<'_> for Bytes {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }
        fn visit_bytes<E>(self, value: &[u8]) -> std::result::Result<Vec<u8>, E> {
            Ok(value.to_vec())
        }
    }
    deserializer.deserialize_bytes(Bytes)
}

/// One value of a row.
struct Cell<'a> {
    row: &'a Row,
    index: usize,
    kind: &'a Type,
}

impl<'a> Cell<'a> {
    fn get<T: FromSql<'a>>(&self) -> Result<T, RowError> {
        self.row.try_get(self.index).map_err(RowError::custom)
    }

    fn is_null(&self) -> Result<bool, RowError> {
        struct Null(bool);
        impl<'a> FromSql<'a> for Null {
            fn from_sql(
                _: &Type,
                _: &'a [u8],
            ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                Ok(Self(false))
            }
            fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                Ok(Self(true))
            }
            fn accepts(_: &Type) -> bool {
                true
            }
        }
        self.get::<Null>().map(|null| null.0)
    }
}

impl<'de> IntoDeserializer<'de, RowError> for Cell<'de> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = RowError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        if self.is_null()? {
            return visitor.visit_unit();
        }
        match *self.kind {
            Type::BOOL => visitor.visit_bool(self.get()?),
            Type::INT2 => visitor.visit_i64(i64::from(self.get::<i16>()?)),
            Type::INT4 => visitor.visit_i64(i64::from(self.get::<i32>()?)),
            Type::INT8 => visitor.visit_i64(self.get()?),
            Type::TEXT | Type::VARCHAR | Type::NAME => {
                StrDeserializer::new(self.get()?).deserialize_any(visitor)
            }
            Type::UUID => StringDeserializer::new(self.get::<uuid::Uuid>()?.to_string())
                .deserialize_any(visitor),
            Type::TIMESTAMPTZ => {
                StringDeserializer::new(self.get::<jiff::Timestamp>()?.to_string())
                    .deserialize_any(visitor)
            }
            Type::BYTEA => visitor.visit_bytes(self.get()?),
            Type::JSON | Type::JSONB => self
                .get::<serde_json::Value>()?
                .into_deserializer()
                .deserialize_any(visitor)
                .map_err(RowError::custom),
            Type::TEXT_ARRAY => {
                let texts: Vec<String> = self.get()?;
                texts.into_deserializer().deserialize_any(visitor)
            }
            Type::INT8_ARRAY => {
                let numbers: Vec<i64> = self.get()?;
                numbers.into_deserializer().deserialize_any(visitor)
            }
            Type::UUID_ARRAY => {
                let ids: Vec<uuid::Uuid> = self.get()?;
                let texts: Vec<String> = ids.iter().map(uuid::Uuid::to_string).collect();
                texts.into_deserializer().deserialize_any(visitor)
            }
            _ => Err(RowError::custom(format_args!("a column of type {} is not read", self.kind))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        if self.is_null()? { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, RowError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        visitor.visit_enum(StrDeserializer::new(self.get()?))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
