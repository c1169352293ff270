//! The rules of law that findings name, by article, in both languages. Only what the rules of `rules` use; no advice.

use crate::check::finding::Said;

/// A place in a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Article {
    /// False or misleading advertising.
    AdFalse,
    /// Figures and quotations with their source.
    AdSource,
    /// State symbols.
    AdSymbols,
    /// State organs and their staff.
    AdState,
    /// 国家级, 最高级, 最佳 and the like.
    AdAbsolute,
    AdOrder,
    AdPatent,
    AdRivals,
    AdIdentify,
    AdMedical,
    AdEducation,
    AdFinancial,
    AdMinors,
    NetIdentify,
    NetClicks,
    PriceFraud,
    PriceBase,
    ConsumerTerms,
    FalsePublicity,
    PrizeSales,
    Trademark,
    UsDeceptive,
    UsEndorse,
    UsReviews,
    UsFree,
    UsFormerPrice,
    UsGuarantee,
    UsHealth,
    UsGreen,
    EuUnfair,
}

impl Article {
    pub fn said(self) -> Said {
        let (zh, en) = match self {
            Article::AdFalse => ("《广告法》第四条、第二十八条", "PRC Advertising Law, art. 4 and 28"),
            Article::AdSource => ("《广告法》第十一条", "PRC Advertising Law, art. 11"),
            Article::AdSymbols => ("《广告法》第九条第（一）项", "PRC Advertising Law, art. 9(1)"),
            Article::AdState => ("《广告法》第九条第（二）项", "PRC Advertising Law, art. 9(2)"),
            Article::AdAbsolute => (
                "《广告法》第九条第（三）项、《广告绝对化用语执法指南》",
                "PRC Advertising Law, art. 9(3), and SAMR's guide of 2023",
            ),
            Article::AdOrder => ("《广告法》第九条第（七）至（九）项", "PRC Advertising Law, art. 9(7)–(9)"),
            Article::AdPatent => ("《广告法》第十二条", "PRC Advertising Law, art. 12"),
            Article::AdRivals => (
                "《广告法》第十三条、《反不正当竞争法》（2025）第十二条",
                "PRC Advertising Law, art. 13; Anti-Unfair Competition Law (2025), art. 12",
            ),
            Article::AdIdentify => ("《广告法》第十四条", "PRC Advertising Law, art. 14"),
            Article::AdMedical => ("《广告法》第十六条至第十八条", "PRC Advertising Law, art. 16–18"),
            Article::AdEducation => ("《广告法》第二十四条", "PRC Advertising Law, art. 24"),
            Article::AdFinancial => ("《广告法》第二十五条", "PRC Advertising Law, art. 25"),
            Article::AdMinors => ("《广告法》第四十条", "PRC Advertising Law, art. 40"),
            Article::NetIdentify => (
                "《广告法》第十四条、《互联网广告管理办法》第九条",
                "PRC Advertising Law, art. 14; Internet Advertising Measures, art. 9",
            ),
            Article::NetClicks => ("《互联网广告管理办法》第十一条", "PRC Internet Advertising Measures, art. 11"),
            Article::PriceFraud => (
                "《价格法》第十四条、《明码标价和禁止价格欺诈规定》第十九条",
                "PRC Price Law, art. 14; Price Fraud Provisions (2022), art. 19",
            ),
            Article::PriceBase => (
                "《规范促销行为暂行规定》第二十一条、《明码标价和禁止价格欺诈规定》第十九条",
                "PRC Sales Promotion Provisions, art. 21; Price Fraud Provisions (2022), art. 19",
            ),
            Article::ConsumerTerms => ("《消费者权益保护法》第二十六条", "PRC Consumer Protection Law, art. 26"),
            Article::FalsePublicity => (
                "《反不正当竞争法》（2025）第九条、《电子商务法》第十七条",
                "PRC Anti-Unfair Competition Law (2025), art. 9; E-Commerce Law, art. 17",
            ),
            Article::PrizeSales => {
                ("《反不正当竞争法》（2025）第十一条", "PRC Anti-Unfair Competition Law (2025), art. 11")
            }
            Article::Trademark => ("《商标法》第十四条第五款", "PRC Trademark Law, art. 14(5)"),
            Article::UsDeceptive => (
                "美国《联邦贸易委员会法》第五条；欧盟 2005/29/EC 指令第六条",
                "FTC Act, s. 5 (substantiation); EU Directive 2005/29/EC, art. 6",
            ),
            Article::UsEndorse => (
                "美国 16 CFR 255；欧盟 2005/29/EC 附件一第 11 项",
                "16 CFR 255; EU Directive 2005/29/EC, annex I no. 11",
            ),
            Article::UsReviews => (
                "美国 16 CFR 465；欧盟 2005/29/EC 附件一第 23b、23c 项",
                "16 CFR 465; EU Directive 2005/29/EC, annex I nos. 23b, 23c",
            ),
            Article::UsFree => (
                "美国 16 CFR 251；欧盟 2005/29/EC 附件一第 20 项",
                "16 CFR 251; EU Directive 2005/29/EC, annex I no. 20",
            ),
            Article::UsFormerPrice => {
                ("美国 16 CFR 233；欧盟 98/6/EC 指令第六条之一", "16 CFR 233; EU Directive 98/6/EC, art. 6a")
            }
            Article::UsGuarantee => ("美国 16 CFR 239；《联邦贸易委员会法》第五条", "16 CFR 239; FTC Act, s. 5"),
            Article::UsHealth => (
                "美国《联邦贸易委员会法》第五条、第十二条；欧盟 2005/29/EC 附件一第 17 项",
                "FTC Act, s. 5 and 12; EU Directive 2005/29/EC, annex I no. 17",
            ),
            Article::UsGreen => ("美国 16 CFR 260；欧盟 2024/825 指令", "16 CFR 260; EU Directive 2024/825"),
            Article::EuUnfair => ("欧盟 2005/29/EC 指令附件一第 7 项", "EU Directive 2005/29/EC, annex I no. 7"),
        };
        Said::fixed(zh, en)
    }
}
