//! The bench of forecasts: dynamic optimised Theta over the 3,003 series of the M3 competition, ours and statsforecast's. One
//! thread each: the series are forecast one after the other, so that CPU seconds compare.

use serde_json::Value;

use super::{Bench, Figures, number};
use crate::run::{command, output, root, run, target_dir};
use crate::setup;

pub const FORECAST: &str =
    "dynamic optimised Theta over the M3 competition (3,003 series): fit and forecast, one thread";

pub fn forecast(bench: &Bench) -> Result<Vec<Figures>, String> {
    let folder = root().join("bench/peers/strategy");
    let python = setup::python("forecast", &folder.join("requirements-forecast.txt"))?;
    let script = folder.join("forecast.py").to_string_lossy().into_owned();
    let data = bench.folder.join("m3.tsv").to_string_lossy().into_owned();
    let peer = |arguments: &[&str]| {
        let mut peer = command(&python.to_string_lossy(), &[script.as_str()]);
        peer.args(arguments).env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
        peer.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
        peer
    };
    if !bench.folder.join("m3.tsv").exists() {
        run(&mut peer(&["data", data.as_str()]))?;
    }
    run(&mut command("cargo", &["build", "--package", "tercet-strategy", "--example", "forecast"]))?;
    let program = target_dir().join("debug/examples/forecast").to_string_lossy().into_owned();
    let ours = lines(&output(&mut command(&program, &[data.as_str()]))?);
    let theirs = lines(&output(&mut peer(&["run", data.as_str()]))?);
    let pairs = ours.iter().zip(&theirs);
    Ok(pairs.flat_map(|(ours, theirs)| [row("Tercet", ours), row("statsforecast", theirs)]).collect())
}

/// Every line that is a JSON document.
fn lines(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn row(who: &str, told: &Value) -> Figures {
    Figures {
        who: format!("{who} {}", told["group"].as_str().unwrap_or_default()),
        cpu_seconds: number(told, "cpu_s"),
        wall_seconds: number(told, "wall_s"),
        peak_mib: number(told, "peak_mib"),
        quality: format!("sMAPE {:.3}, MASE {:.3}", number(told, "smape"), number(told, "mase")),
    }
}
