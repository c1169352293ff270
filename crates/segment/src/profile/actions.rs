//! Three things to do for a group, chosen from its facts and told with them. Each kind is one that another part of the
//! program can carry out. Figures in a reason are the facts that chose it.

use serde::{Deserialize, Serialize};

use super::GroupProfile;
use super::contrast::{Contrasts, LevelContrast};
use super::describe::said;
use super::facts::{Attribute, Measure};
use super::name::{capitalised, inner};
use super::number::{Currency, decimal, percent};
use crate::Text;

const N_ACTIONS: usize = 3;
/// A number speaks for an action from this effect on.
const EFFECT: f64 = 0.3;

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    pub kind: ActionKind,
    pub title: Text,
    pub reason: Text,
    /// What it is about, if it is about something.
    pub target: Option<Target>,
}

/// A level of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    pub attribute: Attribute,
    pub level: String,
}

/// What can be carried out: lists by the recommender, all others as goals of content and campaigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    Recommend,
    WinBack,
    CrossSell,
    Upgrade,
    Accessory,
    Launch,
    Loyalty,
    PriceDrop,
    Service,
}

impl ActionKind {
    pub const ALL: [ActionKind; 9] = [
        ActionKind::Recommend,
        ActionKind::WinBack,
        ActionKind::CrossSell,
        ActionKind::Upgrade,
        ActionKind::Accessory,
        ActionKind::Launch,
        ActionKind::Loyalty,
        ActionKind::PriceDrop,
        ActionKind::Service,
    ];

    pub fn key(self) -> &'static str {
        match self {
            ActionKind::Recommend => "recommend",
            ActionKind::WinBack => "win_back",
            ActionKind::CrossSell => "cross_sell",
            ActionKind::Upgrade => "upgrade",
            ActionKind::Accessory => "accessory",
            ActionKind::Launch => "launch",
            ActionKind::Loyalty => "loyalty",
            ActionKind::PriceDrop => "price_drop",
            ActionKind::Service => "service",
        }
    }

    pub fn title(self) -> Text {
        match self {
            ActionKind::Recommend => Text::new("个性化推荐", "Recommend personally"),
            ActionKind::WinBack => Text::new("唤回老客", "Win them back"),
            ActionKind::CrossSell => Text::new("推荐新品类", "Introduce another category"),
            ActionKind::Upgrade => Text::new("换新升级", "Offer an upgrade"),
            ActionKind::Accessory => Text::new("搭售配件", "Offer accessories"),
            ActionKind::Launch => Text::new("新品首发邀约", "Invite to launches"),
            ActionKind::Loyalty => Text::new("会员回馈", "Reward loyalty"),
            ActionKind::PriceDrop => Text::new("降价提醒", "Tell of price drops"),
            ActionKind::Service => Text::new("服务关怀", "Take care after the sale"),
        }
    }
}

/// An action with how much speaks for it: about an effect in standard deviations.
struct Weighed(f64, Action);

impl Weighed {
    fn new(weight: f64, kind: ActionKind, reason: Text, target: Option<&LevelContrast>) -> Self {
        let target = target.map(|level| Target { attribute: level.attribute, level: level.level.clone() });
        Weighed(weight, Action { kind, title: kind.title(), reason, target })
    }
}

/// Always three, of different kinds, the most fitting first.
pub(super) fn suggest(profile: &GroupProfile, contrasts: &Contrasts, currency: &Currency) -> Vec<Action> {
    let mut weighed = by_numbers(contrasts, currency);
    weighed.extend(by_levels(contrasts));
    weighed.extend(by_default(profile, contrasts));
    weighed.sort_by(|x, y| y.0.total_cmp(&x.0));
    let mut actions: Vec<Action> = Vec::new();
    for Weighed(_, action) in weighed {
        if actions.len() < N_ACTIONS && actions.iter().all(|other| other.kind != action.kind) {
            actions.push(action);
        }
    }
    actions
}

fn by_numbers(contrasts: &Contrasts, currency: &Currency) -> Vec<Weighed> {
    const RULES: &[(Measure, f64, ActionKind)] = &[
        (Measure::RecencyDays, 1.5, ActionKind::WinBack),
        (Measure::DeviceAgeDays, 1.2, ActionKind::Upgrade),
        (Measure::Orders, 1.0, ActionKind::Loyalty),
        (Measure::SpendCents, 1.0, ActionKind::Loyalty),
        (Measure::DiscountShare, 1.0, ActionKind::PriceDrop),
        (Measure::ReturnShare, 1.0, ActionKind::Service),
        (Measure::ServiceContacts, 1.0, ActionKind::Service),
        (Measure::Views, 0.8, ActionKind::Recommend),
    ];
    let lapsed = contrasts.effect(Measure::RecencyDays) >= EFFECT;
    let fits = |&&(measure, _, kind): &&(Measure, f64, ActionKind)| {
        // Who has gone is not rewarded for staying.
        contrasts.effect(measure) >= EFFECT && !(kind == ActionKind::Loyalty && lapsed)
    };
    let weigh = |&(measure, factor, kind): &(Measure, f64, ActionKind)| {
        Weighed::new(contrasts.effect(measure) * factor, kind, against(contrasts, measure, currency), None)
    };
    RULES.iter().filter(fits).map(weigh).collect()
}

/// "Average time since the last order: 210 days, against 95 days among all customers".
fn against(contrasts: &Contrasts, measure: Measure, currency: &Currency) -> Text {
    let number = contrasts.number(measure).expect("a number with an effect");
    let (mean, overall) = (measure.written(number.mean, currency), measure.written(number.mean_overall, currency));
    let name = measure.name();
    Text::new(
        format!("{}{}，全部客户{}", name.zh, mean.zh, overall.zh),
        format!("{}: {}, against {} among all customers", capitalised(&name.en), mean.en, overall.en),
    )
}

fn by_levels(contrasts: &Contrasts) -> Vec<Weighed> {
    let over = |attribute: Attribute| contrasts.worth_a_word(true).filter(move |level| level.attribute == attribute);
    let mut weighed = Vec::new();
    let accessories = contrasts.effect(Measure::AccessoryShare);
    if let (Some(category), ..=-0.2) = (over(Attribute::Category).next(), accessories) {
        let share = percent(contrasts.number(Measure::AccessoryShare).map_or(0.0, |number| number.mean));
        let reason = Text::new(
            format!("常买{}，配件只占{share}", category.name.zh),
            format!("They buy {}, and accessories are only {share} of it", inner(&category.name.en)),
        );
        weighed.push(Weighed::new(0.3 - accessories, ActionKind::Accessory, reason, Some(category)));
    }
    let missing = contrasts.worth_a_word(false).find(|level| level.attribute == Attribute::Category);
    if let Some(missing) = missing {
        let weight = 0.2 - 2.0 * missing.telling();
        weighed.push(Weighed::new(weight, ActionKind::CrossSell, stated(missing), Some(missing)));
    }
    for level in over(Attribute::Generation) {
        let kind = match level.level.as_str() {
            "newest" => ActionKind::Launch,
            "previous" | "older" => ActionKind::Upgrade,
            _ => continue,
        };
        weighed.push(Weighed::new(level.lift.ln() + 0.2, kind, stated(level), Some(level)));
    }
    if let Some(band) = over(Attribute::PriceBand).find(|band| band.is_lowest()) {
        weighed.push(Weighed::new(band.lift.ln(), ActionKind::PriceDrop, stated(band), Some(band)));
    }
    weighed
}

/// "Only 4% have bought headphones, against 27% of all customers".
fn stated(level: &LevelContrast) -> Text {
    let (share, overall) = (percent(level.share), percent(level.share_overall));
    let (zh, en) = said(level);
    let only = level.lift < 0.5;
    Text::new(
        format!("{}{share}{zh}，全部客户{overall}", if only { "只有" } else { "" }),
        format!("{}{share} {en}, against {overall} of all customers", if only { "Only " } else { "" }),
    )
}

/// What can always be done, so that there are three.
fn by_default(profile: &GroupProfile, contrasts: &Contrasts) -> Vec<Weighed> {
    let favourite = contrasts.worth_a_word(true).find(|level| level.attribute == Attribute::Category);
    let recommend = match favourite {
        Some(level) => Text::new(
            format!("偏爱{}，是全部客户的{}倍", level.name.zh, decimal(level.lift)),
            format!("They favour {}: {} times as often as all customers", inner(&level.name.en), decimal(level.lift)),
        ),
        None => Text::new(
            "没有特别突出的偏好，按每位客户自己的浏览和购买来推荐",
            "No taste stands out, so recommend by what each customer viewed and bought",
        ),
    };
    let (share, value_share) = (percent(profile.customers_share), percent(profile.value_share));
    let loyalty = if profile.value_share >= profile.customers_share {
        Text::new(
            format!("{share}的客户带来{value_share}的消费，值得用心维护"),
            format!("{share} of customers bring {value_share} of spending and are worth looking after"),
        )
    } else {
        Text::new(
            format!("{share}的客户只带来{value_share}的消费，可以用会员权益带动复购"),
            format!("{share} of customers bring only {value_share} of spending; members' benefits can bring them back"),
        )
    };
    let launch =
        Text::new("新品可以先在这组客户中小范围试推", "New products can be tried on a part of this group first");
    let mut weighed = vec![
        Weighed::new(if favourite.is_some() { 0.35 } else { 0.15 }, ActionKind::Recommend, recommend, favourite),
        Weighed::new(0.04, ActionKind::Launch, launch, None),
    ];
    // Those who have gone are won back, which makes a third.
    if contrasts.effect(Measure::RecencyDays) < EFFECT {
        weighed.push(Weighed::new(0.05, ActionKind::Loyalty, loyalty, None));
    }
    weighed
}
