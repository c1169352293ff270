//! Functions the product's SQL needs beyond the engine's own: `shop_day(instant)`, the local calendar day of the shop, and
//! `shop_hour(instant)`, the hour of its clock, 0 to 23.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Date32Array, Int32Array};
use datafusion::arrow::datatypes::{DataType, TimeUnit, TimestampMillisecondType};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::prelude::SessionContext;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::ShopConfig;

pub(crate) fn register(context: &SessionContext, config: &ShopConfig) {
    for part in [Part::Day, Part::Hour] {
        context.register_udf(ScalarUDF::from(ShopTime::new(part, config)));
    }
}

/// What is asked of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Day,
    Hour,
}

/// Equal functions have equal zones: the name stands for the zone.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ShopTime {
    part: Part,
    signature: Signature,
    zone_name: String,
}

impl ShopTime {
    fn new(part: Part, config: &ShopConfig) -> Self {
        let instant = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let signature = Signature::exact(vec![instant], Volatility::Immutable);
        ShopTime { part, signature, zone_name: config.time_zone.clone() }
    }
}

impl ScalarUDFImpl for ShopTime {
    fn name(&self) -> &str {
        match self.part {
            Part::Day => "shop_day",
            Part::Hour => "shop_hour",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.part {
            Part::Day => DataType::Date32,
            Part::Hour => DataType::Int32,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let instants = args.args[0].to_array(args.number_rows)?;
        let instants = instants.as_primitive::<TimestampMillisecondType>();
        let mut clock = LocalClock::new(TimeZone::get(&self.zone_name).unwrap_or(TimeZone::UTC));
        let found: ArrayRef = match self.part {
            Part::Day => Arc::new(instants.iter().map(|ms| ms.map(|ms| clock.day(ms))).collect::<Date32Array>()),
            Part::Hour => Arc::new(instants.iter().map(|ms| ms.map(|ms| clock.hour(ms))).collect::<Int32Array>()),
        };
        Ok(ColumnarValue::Array(found))
    }
}

/// Local times of instants. The zone is asked once for each quarter of an hour met in a row: since 1972 no zone has
/// changed its offset within one.
struct LocalClock {
    zone: TimeZone,
    quarter: i64,
    offset_ms: i64,
}

const QUARTER_MS: i64 = 15 * 60 * 1000;
const HOUR_MS: i64 = 4 * QUARTER_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

impl LocalClock {
    fn new(zone: TimeZone) -> Self {
        LocalClock { zone, quarter: i64::MIN, offset_ms: 0 }
    }

    /// Days since 1970 of the local date at `ms`.
    fn day(&mut self, ms: i64) -> i32 {
        self.local(ms).div_euclid(DAY_MS) as i32
    }

    fn hour(&mut self, ms: i64) -> i32 {
        (self.local(ms).rem_euclid(DAY_MS) / HOUR_MS) as i32
    }

    /// Milliseconds that a clock without a zone would count to.
    fn local(&mut self, ms: i64) -> i64 {
        let quarter = ms.div_euclid(QUARTER_MS);
        if quarter != self.quarter {
            self.quarter = quarter;
            let instant = Timestamp::from_millisecond(quarter.saturating_mul(QUARTER_MS));
            let offset = self.zone.to_offset(instant.unwrap_or(Timestamp::UNIX_EPOCH));
            self.offset_ms = i64::from(offset.seconds()) * 1000;
        }
        ms.saturating_add(self.offset_ms)
    }
}
