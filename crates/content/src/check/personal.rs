//! What is personal in a text that is to be published, by the recognisers of `language::text::mask`. The shop's own contact
//! data are handed in and stay.

use std::borrow::Cow;

use language::text::{Masker, PersonalKind};

use super::finding::{Check, Finding, Fix, Places, Risk, Said};

/// Checks a text. `allowed` are the shop's own telephone numbers, addresses and names: what lies within one of them is left.
pub fn check(text: &str, allowed: &[impl AsRef<str>], masker: &Masker) -> Vec<Finding> {
    let places = Places::new(text);
    let own = |part: &str| allowed.iter().any(|own| own.as_ref().contains(part) || part.contains(own.as_ref()));
    let masked = masker.mask(text);
    masked
        .hidden
        .into_iter()
        .filter(|hidden| !own(&text[hidden.range.clone()]) && !is_registered(text, hidden))
        .map(|hidden| {
            let (zh, en) = kind(hidden.kind);
            let span = places.span(hidden.range.clone());
            Finding {
                check: Check::Personal,
                category: Cow::Owned(hidden.kind.name().to_lowercase()),
                risk: Risk::Block,
                matched: places.words(&hidden.range),
                article: Some(Said::fixed(
                    "《个人信息保护法》第十三条、《广告法》第九条第（六）项",
                    "PRC Personal Information Protection Law, art. 13; Advertising Law, art. 9(6)",
                )),
                message: Said::new(format!("含个人信息：{zh}"), format!("holds personal data: {en}")),
                suggestion: Said::fixed("删去，或者换成店铺的联系方式", "leave it out, or give the shop's own contact"),
                fix: Some(Fix { span: span.clone(), with: String::new() }),
                span: Some(span),
            }
        })
        .collect()
}

/// Numbers of patents, approvals and certificates, which the law asks for: they are nobody's.
fn is_registered(text: &str, hidden: &language::text::mask::Hidden) -> bool {
    const BEFORE: &[&str] = &[
        "ZL",
        "zl",
        "专利号",
        "公告号",
        "授权号",
        "械注准",
        "械注进",
        "注册证编号",
        "注册证号",
        "注册证",
        "备案号",
        "备案编号",
        "证书编号",
        "证书号",
        "许可证号",
        "patent no",
        "patent number",
    ];
    let number = hidden.kind == PersonalKind::Number;
    let head = text[..hidden.range.start].trim_end_matches([' ', ':', '：', '.', '(', '（']);
    number && BEFORE.iter().any(|word| head.to_lowercase().ends_with(&word.to_lowercase()))
}

fn kind(kind: PersonalKind) -> (&'static str, &'static str) {
    match kind {
        PersonalKind::Email => ("邮箱", "an e-mail address"),
        PersonalKind::Id => ("身份证号", "a national id"),
        PersonalKind::Imei => ("设备号", "the number of a device"),
        PersonalKind::Card => ("银行卡号", "a bank card"),
        PersonalKind::Phone => ("电话号码", "a telephone number"),
        PersonalKind::Order => ("订单号", "an order number"),
        PersonalKind::Wechat => ("微信号", "a WeChat id"),
        PersonalKind::Qq => ("QQ 号", "a QQ number"),
        PersonalKind::Serial => ("序列号", "a serial number"),
        PersonalKind::Plate => ("车牌号", "a licence plate"),
        PersonalKind::Ip => ("网络地址", "a network address"),
        PersonalKind::Address => ("地址", "an address"),
        PersonalKind::Name => ("姓名", "a name"),
        PersonalKind::Number => ("长号码", "a long number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: &[&str] = &[];

    #[test]
    fn what_is_personal_is_found_and_taken_out() {
        let text = "感谢 13812345678 的好评！";
        let found = check(text, NOBODY, &Masker::default());
        assert_eq!((found.len(), found[0].matched.as_str()), (1, "13812345678"));
        assert_eq!(found[0].category, "phone");
        assert_eq!(super::super::finding::apply(text, found[0].fix.as_ref()).0, "感谢  的好评！");
        assert_eq!(check("内存 16GB，售价 5999 元", NOBODY, &Masker::default()), []);
    }

    #[test]
    fn the_shop_may_give_its_own_number() {
        assert_eq!(check("咨询电话 13812345678", &["13812345678"], &Masker::default()), []);
    }
}
