//! Words that carry no subject: particles, pronouns, prepositions, auxiliaries. Written for this program; a word that may
//! carry praise, blame, a negation or a question's sense (不, 没有, 很, 怎么, not, how) is not on it.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

const CHINESE: &str = "的 了 着 过 地 得 之 们 啊 吧 呢 吗 嘛 呀 哦 噢 喔 哈 嗯 呃 唉 哎 哇 啦 咯 哟 嘞 呗 罢了 而已 来着 似的 一样 \
    我 你 您 他 她 它 我们 你们 您们 他们 她们 它们 咱 咱们 自己 人家 大家 本人 别人 这 那 这个 那个 这些 那些 这里 那里 这儿 那儿 \
    这样 那样 这么 那么 此 其 该 某 各 每 每个 本 另 另外 其他 其它 其中 是 在 和 与 及 以及 或 或者 跟 同 把 被 将 让 使 给 对 对于 \
    关于 由 由于 从 自 自从 向 往 于 以 为 为了 按 按照 根据 因 因为 所以 因此 因而 于是 而 而且 并 并且 且 也 都 又 还 就 才 便 则 即 \
    即使 如 如果 假如 要是 若 虽 虽然 虽说 尽管 但 但是 可是 然而 不过 只是 只要 只有 除了 除非 无论 不管 既 既然 所 等 等等 之类 \
    之一 有 会 能 可 可以 要 应该 应 上 下 里 中 内 外 后 前 时 时候 一 个 一个 一些 一下 一种 一直 些 个人 已 已经 曾 曾经 正 正在 \
    刚 刚刚 现在 然后 之后 以后 之前 以前 起来 出来 下来 上来 来 去 到 说 看 想 觉得 感觉 东西 什么的 的话 而言 来说 来讲 总之 其实 \
    当然 确实 本来 反正 毕竟 甚至 乃至 至于 何况 况且 以免 以便 同时 及其 诸如 例如 比如 譬如 即便 哪怕 不仅 不但 不只 与其 宁可 \
    似乎 好像 大概 也许 或许 可能 几乎 基本 基本上 左右 上下 方面 其余 如此 如何 此外 再 再说 再者 吧 嗎 們 個 這 還 會 來 對 過";

const ENGLISH: &str = "a an the this that these those i me my mine myself we us our ours ourselves you your yours yourself \
    yourselves he him his himself she her hers herself it its itself they them their theirs themselves one ones someone \
    something anyone anything everyone everything am is are was were be been being have has had having do does did doing \
    done will would shall should can could may might must ought i'm i've i'd i'll you're you've you'd you'll he's she's \
    it's we're we've we'd we'll they're they've they'd they'll that's there's here's what's who's let's and or if then \
    else so as of at by for with about into onto through during before after above below to from up down in out on off \
    over under again further once here there while because until than though although since unless whether either both \
    each few some such own same also just even still yet already now s t d ll m re ve o y etc via per upon within along \
    across among around between toward towards who whom whose which";

static WORDS: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| CHINESE.split_whitespace().chain(ENGLISH.split_whitespace()).collect());

/// Whether a word, in lower case, carries no subject.
pub fn is_stop_word(word: &str) -> bool {
    WORDS.contains(word)
}

#[cfg(test)]
mod tests {
    use super::is_stop_word;

    #[test]
    fn what_decides_an_opinion_is_kept() {
        for word in [
            "不", "没", "没有", "别", "很", "太", "非常", "好", "差", "怎么", "多少", "not", "no", "never", "very",
            "too", "how", "why", "only",
        ] {
            assert!(!is_stop_word(word), "{word}");
        }
        for word in ["的", "我们", "因为", "the", "they're", "of"] {
            assert!(is_stop_word(word), "{word}");
        }
    }
}
