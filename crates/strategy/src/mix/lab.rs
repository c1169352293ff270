//! The mix model for the lab: a table of periods in, contributions and returns by channel out.

use domain::{Card, Day, Kind, Param, Settings, Text};

use super::fit::{MixFit, Mode, fit};
use super::{Adstock, Market, MixData, MixSettings, Named, SampleSettings, Saturation};
use crate::registry::LEVEL;
use crate::{Answer, Column, Figure, Model, Report, ReportTable, RunOptions, StrategyError, Table};

static CARD: Card = Card {
    name: "mix",
    sentence: "Says how much each channel brought, from weekly spends and sales: carry-over, saturation, season, holidays, controls.",
    family: "mix",
    params: &[
        Param { name: "target", sentence: "The column of sales.", unit: "", kind: Kind::Text { default: "revenue" } },
        Param {
            name: "date",
            sentence: "The column of each period's first day, YYYY-MM-DD.",
            unit: "",
            kind: Kind::Text { default: "date" },
        },
        Param {
            name: "channels",
            sentence: "The columns of spends, separated by commas.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        Param {
            name: "controls",
            sentence: "Columns of anything else that moves sales, separated by commas.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        Param {
            name: "price",
            sentence: "The column of the price level; empty for none.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        Param {
            name: "adstock",
            sentence: "How a spend works on.",
            unit: "",
            kind: Kind::Choice {
                options: &["geometric", "delayed", "weibull_cdf", "weibull_pdf"],
                default: "geometric",
            },
        },
        Param {
            name: "saturation",
            sentence: "How a larger spend works less per coin.",
            unit: "",
            kind: Kind::Choice { options: &["logistic", "tanh", "michaelis_menten", "hill"], default: "logistic" },
        },
        Param {
            name: "l_max",
            sentence: "How long a spend works, at most.",
            unit: "periods",
            kind: Kind::Int { min: 1, max: 104, default: 8 },
        },
        Param { name: "trend", sentence: "A straight line over time.", unit: "", kind: Kind::Bool { default: true } },
        Param {
            name: "trend_knots",
            sentence: "Places at which the trend may bend.",
            unit: "",
            kind: Kind::Int { min: 0, max: 50, default: 0 },
        },
        Param {
            name: "harmonics",
            sentence: "Frequencies of the yearly season; 0 for none.",
            unit: "",
            kind: Kind::Int { min: 0, max: 20, default: 2 },
        },
        Param {
            name: "holidays",
            sentence: "Whose selling seasons count: 618, Double 11, Double 12 and Spring Festival; Black Friday.",
            unit: "",
            kind: Kind::Choice { options: &["none", "china", "west", "all"], default: "none" },
        },
        Param {
            name: "mode",
            sentence: "Fast from the mode (map), whole by sampling (nuts), or fast and sampled only where that is needed (auto).",
            unit: "",
            kind: Kind::Choice { options: &["auto", "map", "nuts"], default: "auto" },
        },
        Param {
            name: "n_chains",
            sentence: "Chains of the sampler.",
            unit: "chains",
            kind: Kind::Int { min: 1, max: 64, default: 4 },
        },
        Param {
            name: "n_draws",
            sentence: "Draws kept of each chain.",
            unit: "draws",
            kind: Kind::Int { min: 100, max: 100_000, default: 2000 },
        },
        Param {
            name: "n_tune",
            sentence: "Tuning steps of each chain.",
            unit: "draws",
            kind: Kind::Int { min: 50, max: 100_000, default: 500 },
        },
        Param {
            name: "target_accept",
            sentence: "Share of the sampler's steps to accept.",
            unit: "",
            kind: Kind::Float { min: 0.5, max: 0.999, default: 0.9 },
        },
        LEVEL,
    ],
    input: "(n_periods) rows, evenly apart: a date, sales of 0 or more, one column of spends a channel, controls",
    source: "Jin, Wang, Sun, Chan, Koehler (2017): Bayesian methods for media mix modeling; priors of PyMC-Marketing 0.19",
};

/// The model `mix` of the registry.
pub static MIX: Model = Model {
    card: &CARD,
    columns: &[
        ("date", "each period's first day; the parameter 'date' may name another"),
        ("revenue", "sales of the period; the parameter 'target' may name another"),
        ("…", "one column a channel, and controls, by the parameters 'channels' and 'controls'"),
    ],
    run,
};

fn run(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let data = data_of(table, settings)?;
    let mode = match settings.text("mode") {
        "nuts" => Mode::Nuts(SampleSettings {
            n_chains: settings.usize("n_chains"),
            n_tune: settings.usize("n_tune"),
            n_draws: settings.usize("n_draws"),
            target_accept: settings.float("target_accept"),
        }),
        "map" => Mode::Map,
        _ => Mode::Auto,
    };
    let answer = fit(&data, &settings_of(settings), mode, settings.float("level"), options)?;
    let value = answer.value.as_ref().map(|fit| report(table, settings, fit)).transpose()?;
    Ok(Answer { value, support: answer.support, caveats: answer.caveats, would_change: answer.would_change })
}

fn settings_of(settings: &Settings) -> MixSettings {
    MixSettings {
        adstock: match settings.text("adstock") {
            "delayed" => Adstock::Delayed,
            "weibull_cdf" => Adstock::WeibullCdf,
            "weibull_pdf" => Adstock::WeibullPdf,
            _ => Adstock::Geometric,
        },
        saturation: match settings.text("saturation") {
            "tanh" => Saturation::Tanh,
            "michaelis_menten" => Saturation::MichaelisMenten,
            "hill" => Saturation::Hill,
            _ => Saturation::Logistic,
        },
        l_max: settings.usize("l_max"),
        has_trend: settings.bool("trend"),
        n_knots: settings.usize("trend_knots"),
        n_harmonics: settings.usize("harmonics"),
        market: match settings.text("holidays") {
            "china" => Market::China,
            "west" => Market::West,
            "all" => Market::All,
            _ => Market::None,
        },
        experiments: Vec::new(),
    }
}

fn data_of(table: &Table, settings: &Settings) -> Result<MixData, StrategyError> {
    let listed = |name: &str| -> Vec<String> {
        settings.text(name).split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
    };
    let columns = |names: Vec<String>| {
        let column = |name: String| Ok(Named { values: table.numbers(&name)?.to_vec(), name });
        names.into_iter().map(column).collect::<Result<Vec<_>, StrategyError>>()
    };
    let dates = table.texts(settings.text("date"))?;
    let day = |(row, text): (usize, &String)| {
        // A time of day after the date is passed over.
        let date = text.get(..10).unwrap_or(text);
        date.parse::<Day>().map_err(|_| StrategyError::bad_value("date", row, format!("'{text}'"), "YYYY-MM-DD"))
    };
    let price = Some(settings.text("price")).filter(|name| !name.is_empty());
    Ok(MixData {
        days: dates.iter().enumerate().map(day).collect::<Result<Vec<_>, _>>()?,
        target: table.numbers(settings.text("target"))?.to_vec(),
        channels: columns(listed("channels"))?,
        controls: columns(listed("controls"))?,
        price: price.map(|name| table.numbers(name).map(<[f64]>::to_vec)).transpose()?,
    })
}

fn report(table: &Table, settings: &Settings, fit: &MixFit) -> Result<Report, StrategyError> {
    let mut figures = vec![
        Figure::exact("r_squared", fit.r_squared),
        Figure::exact("r_squared_without_channels", fit.r_squared_without_channels).as_baseline(),
        Figure::exact("log_density_at_mode", fit.log_density_at_mode),
        Figure::estimated("baseline", fit.baseline),
    ];
    let (spent, brought) =
        fit.channels.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.spend, sum.1 + one.contribution.value));
    for effect in &fit.channels {
        figures.push(Figure::estimated(format!("contribution_{}", effect.name), effect.contribution));
        figures.push(Figure::estimated(format!("return_{}", effect.name), effect.return_on_spend));
        figures.push(Figure::estimated(format!("marginal_return_{}", effect.name), effect.marginal_return));
        // The free baseline: every coin brought the same.
        let by_spend = brought * effect.spend / spent;
        figures.push(Figure::exact(format!("contribution_{}_by_spend", effect.name), by_spend).as_baseline());
    }
    if let Some(found) = &fit.diagnostics {
        figures.push(Figure::exact("r_hat", found.r_hat));
        figures.push(Figure::exact("ess_bulk", found.ess_bulk));
        figures.push(Figure::exact("ess_tail", found.ess_tail));
        figures.push(Figure::exact("n_divergences", found.n_divergences as f64));
    }
    let best = fit.channels.iter().max_by(|a, b| a.marginal_return.value.total_cmp(&b.marginal_return.value));
    let (name, next) = best.map_or(("", 0.0), |one| (one.name.as_str(), one.marginal_return.value));
    let share = fit.channels.iter().map(|one| one.share.value).sum::<f64>() * 100.0;
    Ok(Report {
        summary: Text::new(
            format!("全部渠道合计贡献约 {share:.1}% 的销售；下一元投入“{name}”回报最高，约 {next:.2} 元。"),
            format!(
                "All channels together brought about {share:.1} % of sales; the next coin brings most on '{name}', about {next:.2}."
            ),
        ),
        figures,
        tables: vec![
            ReportTable { name: "channels", title: Text::new("各渠道", "Channels"), table: channels(fit)? },
            ReportTable { name: "parameters", title: Text::new("参数", "Parameters"), table: parameters(fit)? },
            ReportTable {
                name: "periods", title: Text::new("各期", "Periods"), table: periods(table, settings, fit)?
            },
        ],
    })
}

fn channels(fit: &MixFit) -> Result<Table, StrategyError> {
    let column = |of: &dyn Fn(&super::ChannelEffect) -> f64| Column::Number(fit.channels.iter().map(of).collect());
    Table::new(vec![
        ("channel".to_owned(), Column::Text(fit.channels.iter().map(|one| one.name.clone()).collect())),
        ("spend".to_owned(), column(&|one| one.spend)),
        ("contribution".to_owned(), column(&|one| one.contribution.value)),
        ("contribution_low".to_owned(), column(&|one| one.contribution.low)),
        ("contribution_high".to_owned(), column(&|one| one.contribution.high)),
        ("return".to_owned(), column(&|one| one.return_on_spend.value)),
        ("return_low".to_owned(), column(&|one| one.return_on_spend.low)),
        ("return_high".to_owned(), column(&|one| one.return_on_spend.high)),
        ("marginal_return".to_owned(), column(&|one| one.marginal_return.value)),
        ("marginal_return_low".to_owned(), column(&|one| one.marginal_return.low)),
        ("marginal_return_high".to_owned(), column(&|one| one.marginal_return.high)),
    ])
}

fn parameters(fit: &MixFit) -> Result<Table, StrategyError> {
    let column =
        |of: &dyn Fn(&super::ParameterEstimate) -> f64| Column::Number(fit.parameters.iter().map(of).collect());
    let mut columns = vec![
        ("parameter".to_owned(), Column::Text(fit.parameters.iter().map(|one| one.name.clone()).collect())),
        ("value".to_owned(), column(&|one| one.estimate.value)),
        ("low".to_owned(), column(&|one| one.estimate.low)),
        ("high".to_owned(), column(&|one| one.estimate.high)),
        ("sd".to_owned(), column(&|one| one.sd)),
    ];
    if fit.diagnostics.is_some() {
        columns.push(("r_hat".to_owned(), column(&|one| one.agreement.map_or(f64::NAN, |found| found.r_hat))));
        columns.push(("ess_bulk".to_owned(), column(&|one| one.agreement.map_or(f64::NAN, |found| found.ess_bulk))));
    }
    Table::new(columns)
}

fn periods(table: &Table, settings: &Settings, fit: &MixFit) -> Result<Table, StrategyError> {
    let mut columns = vec![
        ("date".to_owned(), Column::Text(table.texts(settings.text("date"))?)),
        ("actual".to_owned(), Column::Number(table.numbers(settings.text("target"))?.to_vec())),
        ("fitted".to_owned(), Column::Number(fit.fitted.clone())),
        ("baseline".to_owned(), Column::Number(fit.baseline_by_period.clone())),
    ];
    for (effect, values) in fit.channels.iter().zip(&fit.contribution_by_period) {
        columns.push((format!("from_{}", effect.name), Column::Number(values.clone())));
    }
    Table::new(columns)
}
