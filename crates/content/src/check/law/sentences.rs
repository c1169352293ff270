//! What the law check says, in both languages. Wording only; what is found is decided elsewhere.

use std::borrow::Cow;

use super::articles::Article;
use super::rule::Category;
use crate::check::finding::{Check, Finding, Fix, Places, Risk, Said};

/// Why these words were found.
pub(super) fn message(category: Category, risk: Risk, matched: &str, hidden: bool) -> Said {
    if risk == Risk::Note {
        return Said::new(
            format!("“{matched}”：有依据才可以写"),
            format!("“{matched}”: allowed only where it can be proved"),
        );
    }
    let (zh, en) = match category {
        Category::Absolute => ("是绝对化用语", "is an absolute term, which no advertiser can prove"),
        Category::Authority => (
            "借用国家机关、国家象征或者不得用于广告的荣誉",
            "uses the state, its symbols or an honour that may not advertise",
        ),
        Category::Order => ("含迷信、低俗、歧视或者违背公序良俗的内容", "is superstitious, indecent or discriminating"),
        Category::Medical => ("涉及疾病治疗或者保健功效", "claims an effect on health"),
        Category::Financial => ("对收益或者升值作保证性承诺", "promises a yield or a rise in value"),
        Category::Unproven => {
            ("是没有限度的保证，或者是没有出处的数据", "is a guarantee without limits or a figure without a source")
        }
        Category::Disparaging => ("贬低其他经营者的商品", "makes others' products small"),
        Category::HiddenAd => ("否认自己是广告", "denies being advertising"),
        Category::Inducement => ("以虚假的奖励或者提示诱使点击、转发", "lures clicks or shares with prizes or alarms"),
        Category::FalsePrice => {
            ("是没有依据或者无从比较的价格说法", "is a price claim that has no base or cannot be compared")
        }
        Category::UnfairTerm => ("是排除消费者权利的格式条款", "is a term that takes rights from customers"),
        Category::FakeReview => ("以利益换取好评或者操纵评价", "buys or manipulates reviews"),
        Category::Minors => ("诱导未成年人要求家长购买", "makes children press their parents to buy"),
        Category::Education => ("对考试、升学或者学习效果作保证性承诺", "promises results of learning or examinations"),
        Category::Patent => ("提到专利而没有写明专利号和种类", "names a patent without its number and kind"),
    };
    let (hidden_zh, hidden_en) = if hidden { ("（变形写法）", " (disguised)") } else { ("", "") };
    Said::new(format!("“{matched}”{hidden_zh}{zh}"), format!("“{matched}”{hidden_en} {en}"))
}

/// What to do about it.
pub(super) fn suggestion(category: Category, risk: Risk) -> Said {
    if risk == Risk::Note {
        return Said::fixed(
            "保留证书、报告或者数据，并写明出处与时间",
            "keep the certificate, report or data, and name source and date",
        );
    }
    let (zh, en) = match category {
        Category::Absolute => (
            "改为可以核实的描述，例如参数、与自家上一代的比较",
            "say what can be checked instead: a figure, or a comparison with your own previous model",
        ),
        Category::Authority => (
            "删去；荣誉只写依法评定的名称与证书编号",
            "leave it out; name only honours given by law, with their number",
        ),
        Category::Order => ("删去", "leave it out"),
        Category::Medical => (
            "删去功效说法；已注册的医疗器械按注册证内容写并注明编号",
            "leave the effect out; a registered device may say what its registration says, with its number",
        ),
        Category::Financial => ("删去收益承诺", "leave the promise out"),
        Category::Unproven => (
            "写明测试条件、数据来源、样本与时间，或者删去",
            "give test conditions, source, sample and date, or leave it out",
        ),
        Category::Disparaging => (
            "只说自己的商品；比较须有同口径、可核实的数据",
            "speak of your own product; compare only with figures that can be checked",
        ),
        Category::HiddenAd => {
            ("删去否认的话，并在显著位置标明“广告”", "leave the denial out and say clearly that it is advertising")
        }
        Category::Inducement => {
            ("如实写明活动规则、奖品数量与概率", "state rules, number of prizes and odds as they are")
        }
        Category::FalsePrice => {
            ("写明价格的比较基准与促销起止时间", "give the price compared with, and when the offer begins and ends")
        }
        Category::UnfairTerm => {
            ("删去；以法律规定的三包与七天无理由退货为准", "leave it out; what the law gives customers stays")
        }
        Category::FakeReview => ("改为邀请如实评价，不以好评为条件", "ask for an honest review without a condition"),
        Category::Minors => ("改为面向家长的说明", "speak to the parents"),
        Category::Education => ("改为功能与内容的说明", "say what it holds and does"),
        Category::Patent => ("写明专利种类与专利号", "give the kind and the number of the patent"),
    };
    Said::fixed(zh, en)
}

/// For a text that has to say that it is advertising and does not.
pub(super) fn unlabelled(places: &Places) -> Finding {
    Finding {
        check: Check::Law,
        category: Cow::Borrowed(Category::HiddenAd.name()),
        risk: Risk::Review,
        span: None,
        matched: String::new(),
        article: Some(Article::AdIdentify.said()),
        message: Said::fixed("没有标明“广告”", "does not say that it is advertising"),
        suggestion: Said::fixed("在开头标明“广告”", "say so at the beginning"),
        fix: Some(Fix { span: places.span(0..0), with: "【广告】".into() }),
    }
}
