//! The words that people put around what they ask: those that make a sentence a question, those that say little, those that
//! stand around a question about a product, and those that ask for all there is to know. Words of one meaning stand in
//! [`concepts`](super::concepts), with the concepts that are a shop's ways.

/// Words and phrases that make a question and are not what it is about.
pub(super) const NOTHING_ZH: &str = "请问,你好,您好,亲,麻烦,一下,帮我,我想知道,想知道,想问,问下,问一下,告诉我,咨询,了解,多久,多长时间,多少天,几天,几个月,几年,几个工作日,多少时间,\
    什么时候,啥时候,何时,几时,哪天,多少钱,多少,怎么办,怎么样,怎么,怎样,如何,咋办,咋整,咋弄,咋样,咋,步骤,流程,方法,哪里,哪儿,在哪,为什么,为啥,怎么回事,什么原因,\
    能不能,可不可以,可以,能否,是否,是不是,有没有,会不会,要不要,能,吗,呢,吧,啊,什么,哪些,哪个,谁,几点,无法,不能,没法,不了,我,你,您,你们,我们,的,了,是,有,在,要,想,需要,应该,\
    这个,那个,这款,这台,那款,现在,还,都,也,就,请,给,把,从,到,和,与,或,对,呀,哦,嗯,谢谢,一个,一台,一部,它,他,她,个,下,啦,嘛,吖,哈,会,可,可否,问,说,时候,情况,之后,以后,如果,的话,多,里,上,去,来,做,用,么,丫,呗,咯,滴,嘞,肿么办,肿么,来着,啥,不,管不管,气死,在线等,买的,东西,商品,产品,你家,你们家,咱,咱们";
pub(super) const NOTHING_EN: &str = "a an the this that these those i me my mine we us our ours you your yours he him his she her it its they them their \
    am is are was were be been being have has had do does did doing will would shall should can could may might must ought \
    and or if then else so as of at by for with about into onto to from in on than although though while since both each such same \
    also just even still yet already now s t d ll re ve o what which who whom whose when where why how much many long often soon \
    please kindly hello hi hey thanks thank want wish like know tell help need let get got there here any some all one ones thing things \
    way possible able does use using used make sure say said question ask asking would could cannot cant dont im id ive whats hows wont \
    item items product products goods article don doesn didn won isn aren wasn hasn haven couldn wouldn shouldn does it's i'm i'd i've don't can't what's anything something everything became become becomes getting take days steps go goes come comes until after before during \
    u ur im n r pls plz thx gonna wanna gotta ok okay oh lol omg yet whats wheres hows whos its dont theres thats no yes";
/// Words that say little: people wrap their questions in them.
pub(super) const LITTLE_ZH: &str = "钱,够,付,交,星期,礼拜,周,半个月,几周,刚买,最近,买,购买,收到,昨天,今天,刚刚,刚,前天,上周,朋友,老公,老婆,家里,孩子,时间,期限,期间,问题,操作,办理,申请,提供,政策,规定,服务,店,店里,网上,使用,\
    联系,支持,提供,设置,功能,方式,具体,一般,大概,周一,周二,周三,周四,周五,周六,周日,星期六,星期天,周末,所有,全部,其他,别的,新,旧,好,不好,老,老是,总是,一直,突然,天,月,年,日,小时,分钟,收,发,入,货,块钱,下午,上午,早上,晚上,中午,一根,一条,一件,买个,买够,还要,没空";
pub(super) const LITTLE_EN: &str = "two three four five six seven eight nine ten back buy bought purchase yesterday today recently ago friend wife husband time period problem issue policy rule service online store \
    monday tuesday wednesday thursday friday saturday sunday weekend really very exactly generally usually currently new work working day week month year hour minute device feature option \
    enable find show support offer talk speak contact chat reach different try good right different place user allow available process procedure mate pm am amount total sum till only";

/// Words around a question about a product that ask for nothing of it, beside those above; those in letters are stems.
pub(crate) const AROUND: &[&str] = &[
    "第一",
    "第二",
    "第三",
    "first",
    "second",
    "third",
    "上次",
    "上回",
    "刚才",
    "刚刚",
    "之前",
    "昨天",
    "聊",
    "提到",
    "多大",
    "多高",
    "多长",
    "多宽",
    "多厚",
    "多重",
    "便宜",
    "最便宜",
    "贵",
    "最贵",
    "earlier",
    "yesterdai",
    "spok",
    "talk",
    "mention",
    "discuss",
    "款",
    "种",
    "价",
    "价位",
    "看看",
    "看下",
    "看",
    "型号",
    "牌子",
    "亲们",
    "大",
    "高",
    "长",
    "重",
    "块",
    "元",
    "美元",
    "人民币",
    "台",
    "部",
    "目前",
    "那台",
    "这种",
    "那种",
    "知道",
    "到底",
    "大约",
    "左右",
    "yuan",
    "dollar",
    "rmb",
    "usd",
    "model",
    "version",
    "exactli",
    "much",
    "big",
    "larg",
    "high",
    "give",
    "come",
    "info",
    "kind",
    "type",
    "sort",
    "number",
    "total",
    "sell",
    "cheap",
    "quick",
    "curiou",
    "wonder",
    "interest",
];

/// Words and phrases that ask for a thing as a whole.
pub(crate) const OVERVIEW: &[&str] = &[
    "介绍",
    "参数",
    "配置",
    "规格",
    "怎么样",
    "如何",
    "详情",
    "详细",
    "资料",
    "信息",
    "特点",
    "卖点",
    "说说",
    "讲讲",
    "tell me about",
    "specs",
    "spec ",
    "specification",
    "details",
    "describe",
    "information about",
    "info on",
    "what about",
    "how about",
    "features",
    "overview",
    "look like",
];

/// Words of such a question that say nothing particular: of ideographs as the tokeniser cuts them, of letters how stems begin.
pub(crate) const GENERAL: &[&str] = &[
    "参数", "配置", "介绍", "详细", "详情", "信息", "规格", "特点", "亮点", "性能", "看看", "看", "发", "讲", "讲讲",
    "说说", "资料", "spec", "specif", "detail", "describ", "descript", "inform", "overview", "summari", "featur",
    "introduc",
];
