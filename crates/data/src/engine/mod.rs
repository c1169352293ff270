//! SQL over the shop's tables: DataFusion in this process, reading the files that the manifests name. Read-only; one
//! statement at a time; memory is bounded and what does not fit is spilled. Writing is the business of `tables`.

mod functions;
mod provider;
pub(crate) mod refusal;
pub(crate) mod show;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::thread;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use tokio::runtime::Runtime;

pub use datafusion::execution::SendableRecordBatchStream;

use self::provider::ManifestTable;
use crate::DataError;
use crate::config::ShopConfig;
use crate::tables::Tables;

/// What a query may use.
#[derive(Clone, Debug)]
pub struct EngineLimits {
    pub memory_bytes_max: usize,
    pub n_threads: usize,
}

impl Default for EngineLimits {
    fn default() -> Self {
        EngineLimits { memory_bytes_max: 2 << 30, n_threads: n_cores() }
    }
}

fn n_cores() -> usize {
    thread::available_parallelism().map_or(2, usize::from)
}

/// SQL over one state of the tables. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    context: SessionContext,
}

/// A query's whole result.
#[derive(Clone, Debug)]
pub struct Rows {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl Engine {
    pub(crate) fn new(
        tables: &Tables,
        config: &ShopConfig,
        spill_folder: &Path,
        limits: &EngineLimits,
    ) -> Result<Self, DataError> {
        let pool = FairSpillPool::new(limits.memory_bytes_max);
        let n_named = NonZeroUsize::new(3).expect("three is not zero");
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(TrackConsumersPool::new(pool, n_named)))
            .with_temp_file_path(spill_folder)
            .build_arc()?;
        let session = SessionConfig::new()
            .with_target_partitions(limits.n_threads)
            .with_information_schema(true)
            .set_str("datafusion.execution.time_zone", "+00:00");
        let context = SessionContext::new_with_config_rt(session, runtime);
        for spec in domain::table::ALL {
            let table = ManifestTable::new(spec, tables.folder(spec), tables.manifest(spec)?);
            context.register_table(spec.name, Arc::new(table))?;
        }
        functions::register(&context, config);
        Ok(Engine { context })
    }

    async fn plan(&self, statement: &str) -> Result<DataFrame, DataError> {
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        self.context.sql_with_options(statement, options).await.map_err(refusal::reworded)
    }

    /// Runs one reading statement; the whole result.
    pub async fn sql(&self, statement: &str) -> Result<Rows, DataError> {
        let frame = self.plan(statement).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        Ok(Rows { schema, batches: frame.collect().await? })
    }

    /// Runs one reading statement; the result as it comes.
    pub async fn stream(&self, statement: &str) -> Result<SendableRecordBatchStream, DataError> {
        Ok(self.plan(statement).await?.execute_stream().await?)
    }

    /// Runs one reading statement and hands over its batches as they come, so that the whole result is never in memory. Stops
    /// at the first error, of the query or of `each`.
    pub async fn for_each<E: From<DataError>>(
        &self,
        statement: &str,
        mut each: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stream = self.stream(statement).await?;
        while let Some(batch) = next(&mut stream).await? {
            each(batch)?;
        }
        Ok(())
    }

    /// The first `n_max` rows of one reading statement, and whether there are more. No more is read than that takes.
    pub async fn first(&self, statement: &str, n_max: usize) -> Result<(Rows, bool), DataError> {
        let mut stream = self.stream(statement).await?;
        let mut rows = Rows { schema: stream.schema(), batches: Vec::new() };
        let mut n_left = n_max;
        while let Some(batch) = next(&mut stream).await? {
            if batch.num_rows() > n_left {
                rows.batches.push(batch.slice(0, n_left));
                return Ok((rows, true));
            }
            n_left -= batch.num_rows();
            rows.batches.push(batch);
        }
        Ok((rows, false))
    }

    /// As [`Engine::sql`] for callers without an async runtime. May be called from anywhere, also inside one.
    pub fn query(&self, statement: &str) -> Result<Rows, DataError> {
        block_on(self.sql(statement))
    }
}

/// The next batch of a stream.
pub async fn next(stream: &mut SendableRecordBatchStream) -> Result<Option<RecordBatch>, DataError> {
    let batch = std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await;
    Ok(batch.transpose()?)
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .thread_name("tercet-engine")
        .worker_threads(n_cores())
        .build()
        .expect("threads can be started")
});

/// Waits on a thread of its own, since a thread that already drives a runtime must not wait.
fn block_on<F>(future: F) -> F::Output
where
    F: Future + Send,
    F::Output: Send,
{
    thread::scope(|scope| {
        let waiter = scope.spawn(|| RUNTIME.block_on(future));
        waiter.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
