//! Functions the product's SQL needs beyond the engine's own: `shop_day(instant)`, the local calendar day of the shop.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Date32Array};
use datafusion::arrow::datatypes::{DataType, TimeUnit, TimestampMillisecondType};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::prelude::SessionContext;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::ShopConfig;

pub(crate) fn register(context: &SessionContext, config: &ShopConfig) {
    context.register_udf(ScalarUDF::from(ShopDay::new(config)));
}

/// Equal functions have equal zones: the name stands for the zone.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ShopDay {
    signature: Signature,
    zone_name: String,
}

impl ShopDay {
    fn new(config: &ShopConfig) -> Self {
        let instant = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        ShopDay {
            signature: Signature::exact(vec![instant], Volatility::Immutable),
            zone_name: config.time_zone.clone(),
        }
    }
}

impl ScalarUDFImpl for ShopDay {
    fn name(&self) -> &str {
        "shop_day"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let instants = args.args[0].to_array(args.number_rows)?;
        let instants = instants.as_primitive::<TimestampMillisecondType>();
        let mut local = LocalDays::new(TimeZone::get(&self.zone_name).unwrap_or(TimeZone::UTC));
        let days: Date32Array = instants.iter().map(|ms| ms.map(|ms| local.day(ms))).collect();
        Ok(ColumnarValue::Array(Arc::new(days)))
    }
}

/// Local days of instants. The zone is asked once for each quarter of an hour met in a row: since 1972 no zone has
/// changed its offset within one.
struct LocalDays {
    zone: TimeZone,
    quarter: i64,
    offset_ms: i64,
}

const QUARTER_MS: i64 = 15 * 60 * 1000;

impl LocalDays {
    fn new(zone: TimeZone) -> Self {
        LocalDays { zone, quarter: i64::MIN, offset_ms: 0 }
    }

    /// Days since 1970 of the local date at `ms`.
    fn day(&mut self, ms: i64) -> i32 {
        let quarter = ms.div_euclid(QUARTER_MS);
        if quarter != self.quarter {
            self.quarter = quarter;
            let instant = Timestamp::from_millisecond(quarter.saturating_mul(QUARTER_MS));
            let offset = self.zone.to_offset(instant.unwrap_or(Timestamp::UNIX_EPOCH));
            self.offset_ms = i64::from(offset.seconds()) * 1000;
        }
        ms.saturating_add(self.offset_ms).div_euclid(86_400_000) as i32
    }
}
