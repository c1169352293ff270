//! What somebody wrote in a mail themselves: without the history that it quotes and without a signature. Marks of common programs
//! in Chinese and English; where nothing would be left, the whole.

/// Lines that begin what was written before, in any program.
fn begins_history(line: &str) -> bool {
    let line = line.trim();
    let lower = line.to_lowercase();
    let dashed = |words: &[&str]| {
        let inner = lower.trim_matches(|c: char| c == '-' || c == '_' || c.is_whitespace());
        lower.starts_with("--") && words.contains(&inner)
    };
    dashed(&["original message", "original", "原始邮件", "回复的原邮件", "forwarded message", "转发邮件信息"])
        || (lower.starts_with("on ") && lower.ends_with("wrote:"))
        || (line.ends_with("写道：") || line.ends_with("写道:"))
        || (lower.len() >= 10 && lower.bytes().all(|byte| byte == b'_'))
}

/// Header lines of a quoted mail; two of them in a row begin one.
fn is_header(line: &str) -> bool {
    const NAMES: [&str; 16] = [
        "from:",
        "sent:",
        "date:",
        "to:",
        "cc:",
        "subject:",
        "发件人:",
        "发件人：",
        "发送时间:",
        "发送时间：",
        "收件人:",
        "收件人：",
        "主题:",
        "主题：",
        "日期:",
        "日期：",
    ];
    let line = line.trim().trim_start_matches('*').to_lowercase();
    NAMES.iter().any(|name| line.starts_with(name))
}

fn is_signature(line: &str) -> bool {
    let lower = line.trim().to_lowercase();
    line == "-- "
        || line == "--"
        || (lower.starts_with("发自我的") && lower.chars().count() < 20)
        || (lower.starts_with("sent from my ") && lower.len() < 40)
        || lower.starts_with("get outlook for ")
}

/// The mail's own words.
pub fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
    let mut kept: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let next = || lines[at + 1..].iter().find(|line| !line.trim().is_empty());
        // "On … wrote:" is often broken in two.
        let is_broken = line.trim().to_lowercase().starts_with("on ")
            && next().is_some_and(|next| begins_history(&format!("{} {}", line.trim(), next.trim())));
        let is_block = is_header(line) && next().is_some_and(|next| is_header(next));
        if begins_history(line) || is_block || is_signature(line) || is_broken {
            break;
        }
        if !line.trim_start().starts_with('>') {
            kept.push(line);
        }
    }
    let own = kept.join("\n");
    let own = own.trim();
    if own.is_empty() { text.trim().to_owned() } else { own.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn history_and_signatures_go() {
        for (text, expected) in [
            ("怎么退货？", "怎么退货？"),
            ("Thanks!\n\nOn Mon, 5 Jan 2026 at 10:00, Shop <s@x> wrote:\n> How can I help?\n", "Thanks!"),
            ("Thanks!\n\nOn Mon, 5 Jan 2026 at 10:00, A Very Long Name Of A Shop\n<s@x> wrote:\n> How?\n", "Thanks!"),
            ("好的\n\n在 2026年1月5日，小店 写道：\n> 您好\n", "好的"),
            ("行\n\n------------------ 原始邮件 ------------------\n发件人: 小店\n", "行"),
            ("ok\n-----Original Message-----\nFrom: Shop\n", "ok"),
            ("ok\n\nFrom: Shop <s@x>\nSent: Monday\nTo: me\nSubject: Re\n\nold", "ok"),
            ("ok\n\n发件人：小店\n发送时间：周一\n\n旧", "ok"),
            ("ok\n________________________________\nFrom: Shop\n", "ok"),
            ("要发票\n\n发自我的iPhone", "要发票"),
            ("invoice please\n-- \nLi Wei\n+86 …", "invoice please"),
            ("> Which model?\nThe X1.\n> Which colour?\nBlack.", "The X1.\nBlack."),
            // A line that only looks like one.
            ("From: here I cannot log in.\nHelp!", "From: here I cannot log in.\nHelp!"),
            ("> only a quote", "> only a quote"),
            ("", ""),
        ] {
            assert_eq!(own_words(text), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_added(text in "[a-z>\\-: \\n写道：]{0,200}") {
            let own = own_words(&text);
            prop_assert!(own.len() <= text.len());
            prop_assert!(own.is_empty() == text.trim().is_empty());
        }
    }
}
