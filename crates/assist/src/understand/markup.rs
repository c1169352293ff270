//! Marks of HTML in what customers write. A widget, a mail or somebody who tries what happens sends them; they say nothing, and
//! would be read as words. Nothing is interpreted: what stands between two marks stays, but for scripts and styles.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Names of elements; `<i7>` and `<Velo 14>` are none.
const ELEMENTS: &str = "a|abbr|address|article|aside|audio|b|base|big|blockquote|body|br|button|canvas|caption|center|cite|code|col|dd|del|details|dialog|div|dl|dt|\
    em|embed|fieldset|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|map|mark|marquee|\
    math|meta|nav|object|ol|optgroup|option|p|param|picture|pre|q|s|samp|script|section|select|small|source|span|strike|strong|style|sub|summary|sup|svg|\
    table|tbody|td|template|textarea|tfoot|th|thead|title|tr|track|tt|u|ul|var|video";

/// A text with a space for every byte of a mark, so that places in it stay what they were.
pub(crate) fn blanked(text: &str) -> Cow<'_, str> {
    static MARKS: LazyLock<Regex> = LazyLock::new(|| {
        let elements = ELEMENTS.replace(char::is_whitespace, "");
        Regex::new(&format!(
            r"(?is)<!--.*?-->|<script(?:\s[^<>]*)?>.*?</script\s*>|<style(?:\s[^<>]*)?>.*?</style\s*>|</?(?:{elements})(?:[\s/][^<>]*)?>"
        ))
        .expect("a sound pattern")
    });
    if !text.contains('<') {
        return Cow::Borrowed(text);
    }
    MARKS.replace_all(text, |found: &regex::Captures| " ".repeat(found[0].len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_blanked_and_places_stay() {
        for (text, wanted) in [
            ("<b>Velo</b> 14 price?", "   Velo     14 price?"),
            ("多少钱<br/>有货吗", "多少钱     有货吗"),
            ("<img src=x onerror=alert(1)> Velo 14", "                             Velo 14"),
            ("<script>alert('价格')</script>Velo", "                                 Velo"),
            ("<!-- 隐藏 -->你好", "               你好"),
            ("<p class=\"a\n b\">怎么退货</p>", "                怎么退货    "),
        ] {
            assert_eq!(blanked(text).len(), text.len(), "{text}");
            assert_eq!(blanked(text).trim(), wanted.trim(), "{text}");
            assert_eq!(blanked(text).find("Velo"), text.find("Velo"), "{text}");
        }
    }

    #[test]
    fn what_is_no_mark_stays() {
        for text in [
            "5000 < 价格 < 6000",
            "a<b",
            "<i7-13700H> 的笔记本",
            "<Velo 14>",
            "I <3 it",
            "<<>>",
            "<",
            "价格<5000>3000",
            "<b",
        ] {
            assert_eq!(blanked(text), text);
        }
    }
}
