//! A table of the engine: the files a manifest names, those outside the time asked for left out.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::object_store::path::Path as StorePath;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use domain::TableSpec;

use crate::tables::{FileEntry, Manifest, schema};

#[derive(Debug)]
pub(crate) struct ManifestTable {
    spec: &'static TableSpec,
    schema: SchemaRef,
    folder: PathBuf,
    manifest: Manifest,
}

impl ManifestTable {
    pub(crate) fn new(spec: &'static TableSpec, folder: PathBuf, manifest: Manifest) -> Self {
        // The object store wants absolute names without `..`, which `--shop ../my.shop` has.
        let folder = folder.canonicalize().or_else(|_| std::path::absolute(&folder)).unwrap_or(folder);
        ManifestTable { spec, schema: schema(spec), folder, manifest }
    }

    /// The files that may hold rows passing `filters`.
    fn files(&self, filters: &[Expr]) -> Vec<&FileEntry> {
        let window = self.spec.partition.map_or(Window::ALL, |column| Window::of(filters, column));
        self.manifest.files.iter().filter(|file| window.meets(file)).collect()
    }

    fn statistics(&self, file: &FileEntry) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(file.n_rows as usize);
        statistics.total_byte_size = Precision::Inexact(file.n_bytes as usize);
        let times = self.spec.partition.zip(file.min_time.zip(file.max_time));
        if let Some((column, (low, high))) = times {
            let at = self.schema.index_of(column).expect("the partition is a column");
            let time = |ms| ScalarValue::TimestampMillisecond(Some(ms), Some("UTC".into()));
            let column = &mut statistics.column_statistics[at];
            column.min_value = Precision::Exact(time(low));
            column.max_value = Precision::Exact(time(high));
            column.null_count = Precision::Exact(0);
        }
        statistics
    }

    fn partitioned_file(&self, file: &FileEntry) -> Result<PartitionedFile> {
        let mut listed = PartitionedFile::new(String::new(), file.n_bytes);
        let absolute = self.folder.join(&file.path);
        listed.object_meta.location =
            StorePath::from_absolute_path(absolute).map_err(datafusion::object_store::Error::from)?;
        Ok(listed.with_statistics(Arc::new(self.statistics(file))))
    }
}

#[async_trait]
impl TableProvider for ManifestTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.files(filters);
        if files.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => self.schema.clone(),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let n_rows = files.iter().map(|file| file.n_rows as usize).sum();
        let n_groups = state.config().target_partitions().clamp(1, files.len());
        let mut groups = vec![Vec::new(); n_groups];
        for (at, file) in files.into_iter().enumerate() {
            groups[at % n_groups].push(self.partitioned_file(file)?);
        }
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(n_rows);
        let source = Arc::new(ParquetSource::new(self.schema.clone()));
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), source)
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// The times, in milliseconds since 1970, outside which no row can pass; both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    low: i64,
    high: i64,
}

impl Window {
    const ALL: Window = Window { low: i64::MIN, high: i64::MAX };

    /// What the conjunction of `filters` says about `column`; anything not understood says nothing.
    fn of(filters: &[Expr], column: &str) -> Window {
        filters.iter().map(|filter| Window::of_one(filter, column)).fold(Window::ALL, Window::and)
    }

    fn and(self, other: Window) -> Window {
        Window { low: self.low.max(other.low), high: self.high.min(other.high) }
    }

    fn of_one(filter: &Expr, column: &str) -> Window {
        match filter {
            Expr::BinaryExpr(binary) if binary.op == Operator::And => {
                Window::of_one(&binary.left, column).and(Window::of_one(&binary.right, column))
            }
            Expr::BinaryExpr(binary) if is_column(&binary.left, column) => {
                Window::compared(binary.op, literal_ms(&binary.right))
            }
            Expr::BinaryExpr(binary) if is_column(&binary.right, column) => match binary.op.swap() {
                Some(op) => Window::compared(op, literal_ms(&binary.left)),
                None => Window::ALL,
            },
            Expr::Between(between) if !between.negated && is_column(&between.expr, column) => {
                Window::compared(Operator::GtEq, literal_ms(&between.low))
                    .and(Window::compared(Operator::LtEq, literal_ms(&between.high)))
            }
            _ => Window::ALL,
        }
    }

    /// Ends are kept wide by one millisecond: literals may be finer than that.
    fn compared(op: Operator, ms: Option<i64>) -> Window {
        let Some(ms) = ms else { return Window::ALL };
        let (low, high) = (ms.saturating_sub(1), ms.saturating_add(1));
        match op {
            Operator::Gt | Operator::GtEq => Window { low, high: i64::MAX },
            Operator::Lt | Operator::LtEq => Window { low: i64::MIN, high },
            Operator::Eq => Window { low, high },
            _ => Window::ALL,
        }
    }

    fn meets(self, file: &FileEntry) -> bool {
        file.max_time.is_none_or(|max| max >= self.low) && file.min_time.is_none_or(|min| min <= self.high)
    }
}

/// Whether `expr` is the column itself; a cast of it to a coarser type (such as a day) is not.
fn is_column(expr: &Expr, column: &str) -> bool {
    matches!(expr, Expr::Column(found) if found.name == column)
}

fn literal_ms(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::TimestampSecond(Some(value), _), _) => value.checked_mul(1000),
        Expr::Literal(ScalarValue::TimestampMillisecond(Some(value), _), _) => Some(*value),
        Expr::Literal(ScalarValue::TimestampMicrosecond(Some(value), _), _) => Some(value.div_euclid(1000)),
        Expr::Literal(ScalarValue::TimestampNanosecond(Some(value), _), _) => Some(value.div_euclid(1_000_000)),
        _ => None,
    }
}
