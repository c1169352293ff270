//! The eleven groups: a name for every pair of recency score and combined score of frequency and value.

use serde::{Deserialize, Serialize};

use crate::Text;

/// A named group of customers who have bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RfmGroup {
    Champions,
    Loyal,
    PotentialLoyalists,
    New,
    Promising,
    NeedAttention,
    AboutToSleep,
    AtRisk,
    CannotLoseThem,
    Hibernating,
    Lost,
}

use RfmGroup::*;

/// By recency score (row, from 1) and combined score of frequency and value (column, from 1).
const MAP: [[RfmGroup; 5]; 5] = [
    [Lost, Hibernating, AtRisk, CannotLoseThem, CannotLoseThem],
    [Hibernating, AboutToSleep, AtRisk, AtRisk, CannotLoseThem],
    [AboutToSleep, NeedAttention, NeedAttention, Loyal, Loyal],
    [Promising, PotentialLoyalists, Loyal, Loyal, Champions],
    [New, PotentialLoyalists, PotentialLoyalists, Champions, Champions],
];

impl RfmGroup {
    /// From the best to the lost, the order in which lists show them.
    pub const ALL: [RfmGroup; 11] = [
        Champions,
        Loyal,
        PotentialLoyalists,
        New,
        Promising,
        NeedAttention,
        AboutToSleep,
        AtRisk,
        CannotLoseThem,
        Hibernating,
        Lost,
    ];

    /// The group of scores from 1 to 5.
    ///
    /// # Panics
    /// If a score is not 1 to 5.
    pub fn of(recency: u8, combined: u8) -> Self {
        MAP[usize::from(recency) - 1][usize::from(combined) - 1]
    }

    /// A name that files and addresses keep.
    pub fn key(self) -> &'static str {
        match self {
            Champions => "champions",
            Loyal => "loyal",
            PotentialLoyalists => "potential_loyalists",
            New => "new",
            Promising => "promising",
            NeedAttention => "need_attention",
            AboutToSleep => "about_to_sleep",
            AtRisk => "at_risk",
            CannotLoseThem => "cannot_lose_them",
            Hibernating => "hibernating",
            Lost => "lost",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        RfmGroup::ALL.into_iter().find(|group| group.key() == key)
    }

    pub fn name(self) -> Text {
        match self {
            Champions => Text::new("核心客户", "Champions"),
            Loyal => Text::new("忠诚客户", "Loyal customers"),
            PotentialLoyalists => Text::new("潜力客户", "Potential loyalists"),
            New => Text::new("新客户", "New customers"),
            Promising => Text::new("待培养客户", "Promising"),
            NeedAttention => Text::new("需关注客户", "Need attention"),
            AboutToSleep => Text::new("即将沉睡客户", "About to sleep"),
            AtRisk => Text::new("流失风险客户", "At risk"),
            CannotLoseThem => Text::new("重点挽留客户", "Cannot lose them"),
            Hibernating => Text::new("沉睡客户", "Hibernating"),
            Lost => Text::new("已流失客户", "Lost"),
        }
    }

    /// Who they are, in one sentence.
    pub fn description(self) -> Text {
        match self {
            Champions => Text::new("最近刚买过，买得勤、花得多。", "Bought lately, buy often and spend the most."),
            Loyal => Text::new("经常回来购买，消费稳定。", "Come back regularly and spend steadily."),
            PotentialLoyalists => Text::new(
                "最近买过，次数和金额还有提升空间。",
                "Bought lately, with room to buy more often and spend more.",
            ),
            New => Text::new("刚刚有了首次或少量购买。", "Have only just begun to buy."),
            Promising => Text::new("不久前买过，但次数少、金额低。", "Bought not long ago, but rarely and little."),
            NeedAttention => {
                Text::new("消费中等，最近来得少了。", "Middling in number and value of orders, and seen less of late.")
            }
            AboutToSleep => Text::new("有一阵没来了，过去买得也不多。", "Not seen for a while, and never bought much."),
            AtRisk => Text::new("以前买得不少，但很久没有回来。", "Used to buy well, but have not been back for long."),
            CannotLoseThem => Text::new(
                "曾经是消费最高的客户，如今久未下单。",
                "Once among the best customers, and long without an order.",
            ),
            Hibernating => Text::new("很久以前买过，次数和金额都低。", "Bought long ago, rarely and little."),
            Lost => Text::new("最久没有购买，消费也最低。", "Longest without an order, and lowest in value."),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_cell_has_a_group_and_every_group_a_cell() {
        let used: BTreeSet<RfmGroup> = MAP.iter().flatten().copied().collect();
        assert_eq!(used, RfmGroup::ALL.into_iter().collect());
        assert_eq!(RfmGroup::of(5, 5), Champions);
        assert_eq!(RfmGroup::of(1, 1), Lost);
        assert_eq!(RfmGroup::of(5, 1), New);
        assert_eq!(RfmGroup::of(1, 5), CannotLoseThem);
    }

    #[test]
    fn keys_are_those_written_and_names_differ() {
        for group in RfmGroup::ALL {
            assert_eq!(serde_json::to_string(&group).unwrap(), format!("\"{}\"", group.key()));
            assert_eq!(RfmGroup::from_key(group.key()), Some(group));
        }
        let zh: BTreeSet<String> = RfmGroup::ALL.iter().map(|group| group.name().zh).collect();
        assert_eq!(zh.len(), 11);
        assert_eq!(RfmGroup::from_key("gold"), None);
    }
}
