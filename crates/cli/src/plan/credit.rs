//! How attribution is printed. Not here: what it says.

use service::flows::plan::attribution::{Attribution, ChannelCredit};

use super::{print_backing, words};
use crate::print;

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

pub fn print(told: &Attribution) {
    let Some(first) = told.channels.first() else { return print_backing(&told.backing) };
    print::line(&format!(
        "{} orders since {}, before {} of which a channel was seen within {} days:\n",
        print::count(told.n_orders),
        told.first_day,
        print::count(told.n_orders - told.n_untouched),
        told.days
    ));
    let has_mix = told.channels.iter().any(|one| one.mix.is_some());
    let rules: Vec<String> = first.rules.iter().map(|one| words(&one.rule)).collect();
    let mut header: Vec<&str> = vec!["channel", "orders"];
    header.extend(rules.iter().map(String::as_str));
    if has_mix {
        header.extend(["of those with spends", "mix model"]);
    }
    let row = |one: &ChannelCredit| {
        let mut cells = vec![one.channel.clone(), print::count(one.n_orders)];
        cells.extend(one.rules.iter().map(|rule| percent(rule.share.value)));
        if has_mix {
            let mix = one.mix.as_ref();
            cells.push(mix.map_or_else(String::new, |mix| percent(mix.attributed)));
            cells.push(mix.map_or_else(String::new, |mix| {
                let odd = if mix.disagrees { " !" } else { "" };
                format!(
                    "{} [{}, {}]{odd}",
                    percent(mix.caused.value),
                    percent(mix.caused.low),
                    percent(mix.caused.high)
                )
            }));
        }
        cells
    };
    print::table(&header, &told.channels.iter().map(row).collect::<Vec<_>>());
    match &told.mix {
        None => print::line("\nNo spends are known, so there is no mix model to hold this against."),
        Some(mix) if mix.is_refused() => {
            print::line("\nThe mix model tells nothing of these channels: tercet plan budget says why.")
        }
        Some(_) => {}
    }
    print_backing(&told.backing);
}
