//! Words of one meaning in the service of electronics, Chinese and English, and the words questions are made of. Written for
//! this program; a shop's own words need no entry here. A form may stand for several concepts (`退换`: return and exchange).

use std::sync::LazyLock;

use language::search::stem;
use rustc_hash::{FxHashMap, FxHashSet};

use super::around::{LITTLE_EN, LITTLE_ZH, NOTHING_EN, NOTHING_ZH};
use super::words::{Form, fold, letters};

/// Words of one meaning.
#[derive(Debug)]
pub(crate) struct Concept {
    pub name: &'static str,
    pub forms: Vec<Form>,
    /// Its place in the list.
    pub number: usize,
}

/// What kind of answer a question wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Asked {
    /// How long, when, until when.
    Time,
    /// How much, how many.
    Amount,
    /// How, what to do.
    Way,
    Place,
    Reason,
    /// Yes or no.
    Whether,
    Person,
}

/// Name: forms, `,` between them.
const CONCEPTS: &[(&str, &str)] = &[
    (
        "return",
        "退货,寄回,寄回去,寄回来,退回,退掉,退还,退换,能退,可以退,可退,不退,想退,要退,给退,return,send back,send something back,give something back,bring something back,send it back,give it back,bring it back,give back,bring back,take back,taken back,sent back,寄还,寄给你们,寄回给,寄过去,退给你们,送回去,go back,goes back",
    ),
    (
        "refund",
        "退款,退钱,退费,钱款,货款,退给我,把钱退,退回来,钱退回来,什么时候退给我,原路退,退回原,退回来的钱,钱退,返还,到账,打款,打给我,打回来,钱打,钱什么时候打,钱什么时候到,钱到,钱能到,钱多久到,退的钱,收到钱,拿到钱,refund,money back,get my money,see my money,receive my money,see the money,get the money,money return,money arrive,reimburse,能到账,几天到账,多久到账,什么时候到账,啥时候到账,几号到账,哪天到账,钱几天,钱多久,钱啥时候,钱什么时候,退我钱,退钱给我,where is my money,wheres my money,where my money",
    ),
    (
        "exchange",
        "换货,换新,退换,更换,调换,换一台,换一个,换个,换台,能换,可以换,exchange,swap,replacement,exchange it,replaced",
    ),
    ("repair", "维修,修理,报修,返修,检修,寄修,送修,修好,能修,去修,修一下,repair,fix,fixed,mend,repaired"),
    ("warranty", "保修,质保,联保,三包,保修期,质保期,保固,warranty,guarantee,guaranteed,warranties,under warranty"),
    (
        "delivery",
        "发货,配送,送货,送货上门,送上门,上门送,物流,快递,顺丰,圆通,中通,韵达,京东物流,送达,送到家,到货,寄出,派送,运送,包裹,快件,出库,寄到,送到,运到,能发,delivery,to the door,to my door,with ups,by ups,via ups,use ups,ups or,or ups,fedex,dhl,usps,royal mail,canada post,australia post,deliver,delivered,ship,shipping,shipped,shipment,dispatch,dispatched,courier,parcel,package,arrive,arrives,几天能到,多久能到,什么时候能到,啥时候能到,今天能到,明天能到,后天能到,几天到,多久到,什么时候到,啥时候到,啥时到,几号到,哪天到,啥时候发,什么时候发,啥时发,几点发,当天发,今天发,明天发,几天发,go out,goes out,get here,gets here,get to me,gets to me,reach me,reaches me",
    ),
    (
        "postage",
        "运费,邮费,包邮,免邮,快递费,邮资,运费险,配送费,postage,shipping cost,shipping costs,shipping fee,shipping fees,delivery fee,delivery charge,free shipping,free delivery,delivery cost,cost of delivery,how much is shipping,how much is delivery,how much does shipping,how much does delivery,how much for shipping,how much for delivery,cost of shipping,does shipping cost,does delivery cost,pay for shipping,pay for delivery,收运费,付运费,要运费,收邮费,付邮费,要邮费,收快递费,付快递费,要快递费,运费怎么收,邮费怎么算,运费怎么算,运费怎么算,is delivery free,delivery is free,delivery free,is shipping free,shipping is free,shipping free,charge delivery,charge for delivery,charge me for delivery,charge shipping,charge for shipping,charge me for shipping,whats shipping,what is shipping,whats the shipping,what is the shipping,what shipping,whats delivery,pay postage,pay for postage,pay any postage,pay delivery,pay shipping,delivery charges,shipping charge,shipping charges,delivery fees,delivery costs",
    ),
    ("invoice", "发票,开票,专票,普票,抬头,税号,收据,invoice,invoices,receipt,vat,tax number"),
    (
        "price drop",
        "降价,便宜了,掉价,跌了,price drop,price dropped,price drops,cheaper,got cheaper,降了价,跌价,降了,更便宜了,又便宜,又降,现在便宜,今天便宜,went down in price,price went down,lower now,dropped the price",
    ),
    (
        "price protection",
        "价保,保价,价格保护,差价,能补吗,补多少,补钱,补差,补差价,退差价,能退差价,可以退差价,可以补差价,能补差价,买贵,price protection,price match,price matching,price guarantee,price difference,lower price,补不补,能补差,补差吗,补我差,给补吗,退我差价,差价退我,买亏,买早了,overpaid,overpay,the diff,refund the difference,difference back,price adjustment,adjust the price",
    ),
    (
        "trade-in",
        "以旧换新,旧机,旧手机,旧电脑,回收,折价,抵价,trade in,trade my old,old phone,old device,old laptop,recycle,trade-in",
    ),
    (
        "coupon",
        "优惠券,优惠,折扣,打折,满减,红包,促销,券,coupon,discount,voucher,promo,promotion,promo code,有活动,什么活动,优惠活动,搞活动,促销活动,any deals,deals today,any deal,any sales,special offer,special offers,on offer,discounts",
    ),
    (
        "payment",
        "支付,付款,付钱,付费,付全款,扣款,扣了两次,重复扣,多扣,charged twice,charged me,was charged,double charged,overcharged,payment,pay,paid,pay with,paying",
    ),
    (
        "instalment",
        "分期,分期付款,月付,花呗,白条,免息,instalment,installment,instalments,installments,pay monthly,monthly payment,monthly payments,interest-free,分三期,分六期,分十二期,分3期,分6期,分12期,分几期,三期,六期,十二期,pay in 3,pay in three,pay in 6,pay in 12,pay in parts,split the payment,split payment,split into",
    ),
    ("cancel", "取消,撤销,撤单,不想要了,不要了,cancel,cancelled,canceled,cancellation,call off"),
    ("order", "订单,下单,单子,order,purchase,purchased"),
    ("address", "地址,address"),
    (
        "change",
        "修改,更改,改一下,变更,改成,改下,能改,可以改,怎么改,重开,换开,重新开,change,modify,edit,correct,redo,redone,reissue,reissued,re issue,made out again",
    ),
    (
        "install",
        "安装,装机,装上,调试,挂墙,壁挂,上墙,挂墙上,挂到墙上,挂在墙上,装墙上,装在墙上,装到墙上,install,installed,installation,set up,setup,mount,mounting,wall mount,setting up",
    ),
    (
        "power on",
        "开机,启动,打开电源,开不了机,无法开机,不开机,turn on,turned on,power on,powers on,boot,start up,switch on,turning on",
    ),
    ("power off", "关机,关闭电源,turn off,power off,shut down,switch off,turning off"),
    ("restart", "重启,重新启动,restart,reboot"),
    ("reset", "恢复出厂,出厂设置,重置,factory reset,reset,factory settings"),
    ("charge", "充电,充不进,快充,充满,充不了电,充不进电,charge,charging,fast charging,charged,recharge"),
    ("charger", "充电器,充电头,适配器,电源适配器,charger,power adapter,adapter,power brick,power unit"),
    ("battery", "电池,续航,电量,待机,掉电,battery,battery life,standby"),
    ("screen", "屏幕,显示屏,屏,screen,display"),
    ("bluetooth", "蓝牙,bluetooth"),
    ("connect", "连接,配对,连上,连不上,连不了,connect,pair,pairing,connecting,connected"),
    ("wi-fi", "无线网,无线网络,wifi,wifi5,wifi6,wifi6e,wifi7,wi fi 5,wi fi 6,wi fi 7,wi-fi,wireless network,wi fi"),
    (
        "water",
        "防水,进水,进液,泡水,沾水,waterproof,water resistant,water resistance,water,liquid,splash,got wet,spilled",
    ),
    ("memory", "内存,运存,运行内存,memory,ram"),
    ("storage", "存储,储存,硬盘,固态,storage,ssd,hard drive,disk space"),
    ("sound", "声音,音量,音质,扬声器,sound,volume,audio,speaker,speakers"),
    ("photo", "拍照,照片,摄像头,相机,镜头,photo,camera,picture,photos,photograph"),
    ("port", "接口,端口,插口,port,connector,socket"),
    ("slow", "卡顿,死机,很卡,好卡,太卡,卡住,很慢,变慢,slow,lag,lagging,freeze,freezes,stuck,hangs"),
    ("hot", "发热,发烫,过热,很烫,太烫,hot,overheat,overheating,overheats"),
    ("noise", "噪音,异响,响声,噪声,noise,noisy,loud"),
    (
        "broken",
        "坏了,破的,破了,压扁,压坏,smashed,crushed,故障,质量问题,损坏,有问题,失灵,瑕疵,坏的,不工作,用不了,broken,defect,defective,faulty,fault,damaged,damage,not working,stopped working,malfunction,doesnt work",
    ),
    ("member", "会员,积分,member,membership,points,loyalty"),
    ("account", "账号,账户,帐号,帐户,account"),
    ("password", "密码,口令,password,passcode"),
    (
        "person",
        "人工,真人,客服,转人工,人工客服,联系人工,联系客服,人工服务,转接人工,human,real person,live agent,representative,customer service",
    ),
    ("complaint", "投诉,举报,complaint,complain"),
    (
        "one side",
        "一边,单边,单侧,一侧,单耳,左边,右边,左耳,右耳,左侧,右侧,单只,left earbud,right earbud,left ear,right ear,left one,right one,left side,right side,one earphone,one side,only one side,one ear,one earbud",
    ),
    ("paper jam", "卡纸,夹纸,纸卡住,纸卡了,keeps jamming,jamming,paper jam,paper jammed,paper is jammed,jammed"),
    (
        "data move",
        "换机,数据迁移,迁移,转到,导到,搬到,搬过来,搬过去,传过来,导过来,转过来,传到,传输,转移,transfer,move my,move data,move the data,move everything,move photos,migrate",
    ),
    ("forgotten", "忘了,忘记,forgot,forgotten"),
    ("flight", "上飞机,坐飞机,飞机,航班,登机,on a plane,on the plane,plane,on a flight,airplane,aircraft"),
    ("power bank", "充电宝,移动电源,power bank"),
    (
        "shop",
        "门店,实体店,专卖店,线下店,线下,physical store,brick and mortar,showroom,retail store,your store,your shop,a store",
    ),
    ("genuine", "正品,真货,假货,行货,水货,genuine,authentic,counterfeit,fake"),
    ("stock", "有货,库存,现货,补货,缺货,没货,in stock,out of stock,restock,sold out,availability"),
    ("colour", "颜色,配色,color,colour,colors,colours"),
    ("weight", "重量,多重,weight,weigh,weighs,how heavy"),
    ("size", "尺寸,大小,size,dimensions,dimension"),
    (
        "price",
        "价格,多少钱,价钱,售价,几块钱,卖多少,要钱,收钱,收费,要收费,怎么收,怎么收费,花钱,要花钱,费用,price,how much is,how much does,cost,costs,charge for,is there a charge,is there a fee,a fee for",
    ),
    ("fits", "兼容,适用,适配,通用,匹配,compatible,compatibility,fit,fits,work with,works with"),
    ("accessory", "配件,附件,accessory,accessories"),
    ("clean", "清洁,擦拭,清洗,擦,clean,wipe,cleaning"),
    ("update", "升级,系统更新,更新系统,软件更新,update,upgrade,updating,firmware"),
    (
        "opened",
        "拆封,开封,拆开,拆了,激活,已拆,打开过,用过,戴过,试戴,贴上了,贴好了,opened,unsealed,unboxed,opened box,open box,activated,broke the seal,stuck on,stuck it on,used it,already put in,put it in",
    ),
    (
        "bears",
        "承担,负担,谁出,由顾客,由买家,由卖家,由商店,由本店,你们出,你们承担,谁付,谁掏,谁来付,谁负责,出运费,谁来出,who pays,pays the,bear,covers the",
    ),
    (
        "hours",
        "营业时间,营业,开门,关门,shop open,shops open,store open,stores open,your shop open,your shops open,your store open,your stores open,a store open,shop close,shops close,store close,stores close,your shop close,your shops close,your store close,your stores close,are you open,you open on,you open at,you open until,you close,opening times,opening time,closing time,上班时间,工作时间,几点上班,几点开门,几点下班,什么时候上班,business hours,opening hours,working hours,what time do you open,office hours",
    ),
    (
        "lost",
        "丢了,丢失,没收到,弄丢,未收到,lost,missing,never arrived,not received,did not arrive,not arrived,hasnt arrived",
    ),
    ("urge", "催,催促,加急,尽快,快点,hurry,urge,expedite,speed up,faster delivery"),
    ("gift", "赠品,礼品,送的,赠送,gift,freebie,free gift"),
    ("data", "数据,资料,备份,data,backup,back up,files"),
    (
        "pick up",
        "上门取件,取件,上门取,自提,pick up,pickup,collect it,collected from,能到店,到店取,到店拿,去店里拿,去店里取,店里拿,店里取,到店自提,去店里领,取货,提货,自取,代收",
    ),
    (
        "reason",
        "无理由,七天无理由,7天无理由,no reason,without a reason,without giving a reason,no questions asked,changed my mind,change my mind,不喜欢,不合适,不想要,不满意,后悔,don like it,dont like it,didnt like it,do not like it,did not like it,don want it,dont want it,do not want it,no longer want,dont need it",
    ),
    (
        "accidental damage",
        "碎屏,摔坏,摔了,摔过,摔到,摔裂,跌落,磕坏,压坏,人为,摔碎,屏碎,屏幕碎,dropped it,dropped my,i dropped,we dropped,was dropped,got dropped,dropped phone,a dropped,fell down,fell on,fell off,cracked,accident,accidental,smashed",
    ),
    ("headphones", "耳机,耳塞,headphones,earphones,earbuds,headset"),
    ("phone", "手机,电话机,phone,phones,smartphone,mobile phone"),
    ("notebook", "笔记本,笔记本电脑,手提电脑,laptop,notebook,laptops"),
    ("tablet", "平板,平板电脑,tablet"),
    ("watch", "手表,智能手表,smartwatch,smart watch"),
    ("television", "电视,电视机,tv,television"),
    ("printer", "打印机,printer"),
    ("router", "路由器,router"),
    // Models know concepts by their places: new ones come last.
    (
        "price to come",
        "会降,会降价,会涨,会涨价,会跌,会便宜,会打折,降到多少,get cheaper,gets cheaper,go on sale,be on sale,price drop soon,will the price",
    ),
    ("take off", "起飞,飞不起来,飞不了,飞不动,take off,wont fly,lift off"),
    ("large", "大件,大型,大家电,large,large item,bulky,oversized"),
    ("drone", "无人机,航拍机,drone,quadcopter"),
    (
        "no sound",
        "没声音,没有声音,没声,无声,不出声,不响,只有一只有声,no sound,silent,one side plays,only one plays,hear nothing,cant hear,cannot hear,without sound",
    ),
    ("mistaken", "填错,写错,开错,输错,选错,弄错,打错,错误,wrong,incorrect,mistake,misspelt,misspelled,typo"),
    (
        "festival",
        "双十一,双11,双十二,双12,六一八,大促,大促期间,活动期间,618,double 11,double eleven,double 12,singles day,festival,festivals",
    ),
    ("expires", "过期,到期,失效,有效期,清零,作废,expire,expires,expired,run out,runs out,lapse,valid,valid for,expiry"),
    ("packaging", "包装,包装盒,外包装,原包装,盒子,纸箱,box,packaging,carton,original box"),
    (
        "dust",
        "清灰,除尘,清理灰尘,清理灰,灰尘,换硅脂,dust,clean the fans,cleaning fans,cleaning a laptops fans,laptop fans",
    ),
    ("vat invoice", "专票,增值税专用发票,增值税发票,增值税票,增票,vat,vat invoice,vat receipt,tax invoice"),
    (
        "somebody else",
        "他人,别人,代取,代领,代拿,朋友能,朋友帮,朋友拿,朋友取,家人,替我,帮我拿,帮我取,帮我领,somebody else,someone else,my friend,a friend,my mate,my wife,my husband,my mum,my mom,my dad,my brother,my sister,on my behalf,我弟,我哥,我姐,我妹,我爸,我妈,老婆,老公,媳妇,同事,室友,我儿子,我女儿,对象,男朋友,女朋友,my son,my daughter,my partner,my boyfriend,my girlfriend,my colleague,my roommate,my flatmate",
    ),
];

/// Concepts that are kinds of products: they say less of what is asked about them than all else.
const KINDS: &[&str] = &[
    "photo",
    "headphones",
    "phone",
    "notebook",
    "tablet",
    "watch",
    "television",
    "printer",
    "router",
    "power bank",
    "drone",
];
/// Concepts that are a shop's ways: a question with one of them is about its rules, whatever products it names.
const WAYS: &[&str] = &[
    "return",
    "refund",
    "exchange",
    "repair",
    "warranty",
    "delivery",
    "postage",
    "invoice",
    "price drop",
    "price protection",
    "trade-in",
    "coupon",
    "payment",
    "instalment",
    "install",
    "member",
    "account",
    "shop",
    "genuine",
    "hours",
    "gift",
    "pick up",
    "accidental damage",
    "lost",
    "bears",
    "opened",
    "dust",
];
/// Verbs, in English, with a particle that stands behind what they are done to, `send the box back`, and what both mean.
const PARTED: &[(&str, &str, &str)] = &[
    ("send give bring take ship post mail", "back", "return"),
    ("pick", "up", "pick up"),
    ("turn switch", "on", "power on"),
    ("turn switch shut", "off", "power off"),
    ("set", "up", "install"),
    ("split", "into", "instalment"),
];
/// Words between both at most.
const PARTED_MAX: usize = 3;
/// What may have happened to a thing, on which a rule can turn.
const CIRCUMSTANCES: &[&str] = &["accidental damage", "water", "opened", "lost", "festival", "vat invoice"];
/// A case, and what is done in it: where documents tell the second, they go some way to answer the first.
const DONE_FOR: &[(&str, &str)] = &[("accidental damage", "repair"), ("bears", "postage")];
/// Concepts of which one is a case of the other.
const RELATED: &[(&str, &str)] =
    &[("instalment", "payment"), ("charge", "charger"), ("price drop", "price protection")];

impl Concept {
    pub(crate) fn is_kind(&self) -> bool {
        KINDS.contains(&self.name)
    }

    /// Whether it is one of a shop's ways rather than something of a product.
    pub(crate) fn is_way(&self) -> bool {
        WAYS.contains(&self.name)
    }

    /// The word that says it and nothing else, in a language.
    pub(crate) fn word(&self, is_chinese: bool) -> Option<&str> {
        self.forms.iter().find(|form| form.is_chinese == is_chinese).map(Form::plain)
    }

    pub(crate) fn is_circumstance(&self) -> bool {
        CIRCUMSTANCES.contains(&self.name)
    }

    /// What is done in this case.
    pub(crate) fn remedy(&self) -> Option<&'static Concept> {
        let (_, remedy) = DONE_FOR.iter().find(|(case, _)| *case == self.name)?;
        TABLES.concepts.iter().find(|concept| concept.name == *remedy)
    }

    pub(crate) fn says(&self) -> f32 {
        if self.is_kind() { 0.5 } else { 1.0 }
    }

    pub(crate) fn is_related(&self, other: &Concept) -> bool {
        RELATED.contains(&(self.name, other.name)) || RELATED.contains(&(other.name, self.name))
    }
}

pub(crate) enum Piece<T> {
    Known(T, &'static Concept),
    Plain(T),
}

/// The concepts that a form stands for.
type Stands = Vec<usize>;

struct Tables {
    concepts: Vec<Concept>,
    /// By first character, longest first; without a concept: a phrase that says nothing.
    chinese: FxHashMap<char, Vec<(String, Stands)>>,
    /// By first stem, longest first.
    english: FxHashMap<String, Vec<(Vec<String>, Stands)>>,
    /// The stem of a verb, that of its particle, and what both mean.
    parted: Vec<(String, String, usize)>,
    says: FxHashMap<String, f32>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(tables);

fn tables() -> Tables {
    let mut chinese: FxHashMap<char, Vec<(String, Stands)>> = FxHashMap::default();
    let mut english: FxHashMap<String, Vec<(Vec<String>, Stands)>> = FxHashMap::default();
    let mut concepts = Vec::new();
    for (at, (name, forms)) in CONCEPTS.iter().enumerate() {
        let mut own: Vec<Form> = Vec::new();
        for form in forms.split(',').map(Form::new) {
            if own.contains(&form) {
                continue;
            }
            if form.is_chinese {
                let first = form.text.chars().next().expect("a form is not empty");
                add(chinese.entry(first).or_default(), form.text.clone(), at);
            } else {
                let words: Vec<String> = form.plain().split(' ').map(str::to_owned).collect();
                add(english.entry(words[0].clone()).or_default(), words, at);
            }
            own.push(form);
        }
        concepts.push(Concept { name, forms: own, number: at });
    }
    for phrase in NOTHING_ZH.split(',').filter(|phrase| phrase.chars().count() > 1) {
        let first = phrase.chars().next().expect("a phrase is not empty");
        let known = chinese.entry(first).or_default();
        if known.iter().all(|(text, _)| text != phrase) {
            known.push((phrase.to_owned(), Vec::new()));
        }
    }
    chinese.values_mut().for_each(|forms| forms.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.0.cmp(&b.0))));
    english.values_mut().for_each(|forms| forms.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.0.cmp(&b.0))));
    let parted = parted(&concepts);
    Tables { concepts, chinese, english, parted, says: weights() }
}

fn parted(concepts: &[Concept]) -> Vec<(String, String, usize)> {
    let mut scratch = String::new();
    let mut all = Vec::new();
    for (verbs, particle, name) in PARTED {
        let concept = concepts.iter().position(|concept| concept.name == *name).expect("it is on the list");
        let particle = stem(particle, &mut scratch).to_owned();
        let verbs = verbs.split(' ').map(|verb| stem(verb, &mut scratch).to_owned()).collect::<Vec<_>>();
        all.extend(verbs.into_iter().map(|verb| (verb, particle.clone(), concept)));
    }
    all
}

/// Where a verb that begins here ends with its particle, and what both mean: of `send the box back`. What it is done to may be no
/// money: `give me my money back` asks for a refund.
fn parted_at(stems: &[String]) -> Option<(usize, &'static Concept)> {
    let (_, particle, concept) = TABLES.parted.iter().find(|(verb, ..)| *verb == stems[0])?;
    let end = stems.iter().take(PARTED_MAX + 2).skip(1).position(|stem| stem == particle)? + 2;
    (!stems[..end].iter().any(|stem| stem == "monei")).then(|| (end, &TABLES.concepts[*concept]))
}

fn add<T: PartialEq>(forms: &mut Vec<(T, Stands)>, form: T, concept: usize) {
    match forms.iter_mut().find(|(known, _)| *known == form) {
        Some((_, concepts)) => concepts.push(concept),
        None => forms.push((form, vec![concept])),
    }
}

fn weights() -> FxHashMap<String, f32> {
    let mut says = FxHashMap::default();
    let mut scratch = String::new();
    for (words, weight) in [(LITTLE_EN, 0.35), (NOTHING_EN, 0.0)] {
        for word in words.split_whitespace() {
            for part in word.split('\'') {
                says.insert(stem(part, &mut scratch).to_owned(), weight);
            }
        }
    }
    for (words, weight) in [(LITTLE_ZH, 0.35), (NOTHING_ZH, 0.0)] {
        for word in words.split(',') {
            says.insert(word.trim().to_owned(), weight);
        }
    }
    says
}

/// What a folded word, in letters a stem, says of a question: 1, less for a word people wrap questions in, 0 for none.
pub(crate) fn says(word: &str) -> f32 {
    TABLES.says.get(word).copied().unwrap_or_else(|| if language::text::is_stop_word(word) { 0.0 } else { 1.0 })
}

/// Cuts a run of ideographs into forms of concepts and what stands between; words of a question are left out.
pub(crate) fn chinese<'a>(run: &'a str, each: &mut dyn FnMut(Piece<&'a str>)) {
    let (mut from, mut at) = (0, 0);
    while let Some(first) = run[at..].chars().next() {
        let forms = TABLES.chinese.get(&first);
        let form = forms.into_iter().flatten().find(|(text, _)| run[at..].starts_with(text.as_str()));
        let Some((text, concepts)) = form else {
            at += first.len_utf8();
            continue;
        };
        if from < at {
            each(Piece::Plain(&run[from..at]));
        }
        let end = at + text.len();
        concepts.iter().for_each(|&concept| each(Piece::Known(&run[at..end], &TABLES.concepts[concept])));
        (from, at) = (end, end);
    }
    if from < run.len() {
        each(Piece::Plain(&run[from..]));
    }
}

/// The same for stems in order. A phrase that names a kind of thing, `left earbud`, is of that kind too.
pub(crate) fn english<'a>(stems: &'a [String], each: &mut dyn FnMut(Piece<&'a [String]>)) {
    let (mut from, mut at) = (0, 0);
    while at < stems.len() {
        let forms = TABLES.english.get(&stems[at]);
        let known = forms.into_iter().flatten().find(|(words, _)| stems[at..].starts_with(words));
        // `ship` alone is a delivery, `ship it back` a return.
        let parted = if known.is_none_or(|(words, _)| words.len() == 1) { parted_at(&stems[at..]) } else { None };
        if let Some((n, concept)) = parted {
            if from < at {
                each(Piece::Plain(&stems[from..at]));
            }
            each(Piece::Known(&stems[at..at + n], concept));
            english(&stems[at + 1..at + n - 1], each);
            (from, at) = (at + n, at + n);
            continue;
        }
        let Some((words, concepts)) = known else {
            at += 1;
            continue;
        };
        if from < at {
            each(Piece::Plain(&stems[from..at]));
        }
        let end = at + words.len();
        concepts.iter().for_each(|&concept| each(Piece::Known(&stems[at..end], &TABLES.concepts[concept])));
        let within = (at..end).filter(|_| words.len() > 1);
        for (one, kind) in within.filter_map(|one| Some((one, kind_of(&stems[one])?))) {
            if !concepts.contains(&kind.number) {
                each(Piece::Known(&stems[one..=one], kind));
            }
        }
        (from, at) = (end, end);
    }
    if from < stems.len() {
        each(Piece::Plain(&stems[from..]));
    }
}

/// The kind of thing that a stem alone names.
fn kind_of(stem: &str) -> Option<&'static Concept> {
    let (_, concepts) = TABLES.english.get(stem)?.iter().find(|(words, _)| words.len() == 1)?;
    concepts.iter().map(|&concept| &TABLES.concepts[concept]).find(|concept| concept.is_kind())
}

/// Signs of each kind of answer: in Chinese anywhere, in English as whole words; `^` at the beginning.
const SIGNS: &[(Asked, &str)] = &[
    (
        Asked::Time,
        "多久,多长时间,几天,多少天,几个月,多少个月,几年,什么时候,啥时候,何时,几点,哪天,几个工作日,多少时间,期限,几号,几日,how long,how soon,how many days,how many months,how many years,how many hours,what time,^when,when will,when can,when do,when does,when is,when are,when should,how quickly,how fast,until when,by when,deadline",
    ),
    (
        Asked::Amount,
        "多少,多大,多重,多高,多宽,几个,几块,几台,几次,how much,how many,how big,how heavy,how large,how far",
    ),
    (
        Asked::Way,
        "怎么,如何,怎样,咋,步骤,流程,方法,how do,how to,how can,how should,how would,how could,^how,what should i do,steps to,way to",
    ),
    (Asked::Place, "哪里,哪儿,在哪,where is,where can,where do,where are,^where,where does,where should"),
    (Asked::Reason, "为什么,为啥,为何,怎么回事,什么原因,why"),
    (
        Asked::Whether,
        "吗,能不能,可不可以,是否,是不是,有没有,会不会,能否,可否,要不要,行不行,^can,^is,^are,^do,^does,^will,^could,^may,^am,^would,^has,^have,can i,do you,is it,is there,are there,does it,can you",
    ),
    (Asked::Person, "谁,who pays,who is,who bears,^who,who should"),
];

static READ_SIGNS: LazyLock<Vec<(Asked, bool, Form)>> = LazyLock::new(|| {
    let all = SIGNS.iter().flat_map(|(asked, signs)| signs.split(',').map(move |sign| (*asked, sign)));
    all.map(|(asked, sign)| (asked, sign.starts_with('^'), Form::new(sign.trim_start_matches('^')))).collect()
});

/// What kinds of answer a folded question wants. `怎么回事` asks for a reason, not for a way.
pub(crate) fn asked(folded: &str) -> Vec<Asked> {
    let line = format!(" {} ", letters(folded).join(" "));
    let mut found: Vec<Asked> = Vec::new();
    for (asked, at_first, sign) in READ_SIGNS.iter() {
        let is_there = match (sign.is_chinese, at_first) {
            (true, _) => folded.contains(&sign.text),
            (false, true) => line.starts_with(&sign.text),
            (false, false) => line.contains(&sign.text),
        };
        if is_there && !found.contains(asked) {
            found.push(*asked);
        }
    }
    let more_precise =
        |found: &[Asked]| found.iter().any(|asked| matches!(asked, Asked::Time | Asked::Amount | Asked::Reason));
    if found.contains(&Asked::Way) && more_precise(&found) && !line.contains(" how to ") && !line.contains(" how do ") {
        found.retain(|asked| *asked != Asked::Way);
    }
    if found.contains(&Asked::Time) {
        found.retain(|asked| *asked != Asked::Amount);
    }
    found.sort_unstable();
    found
}

static NO: LazyLock<(Vec<&'static str>, FxHashSet<String>)> = LazyLock::new(|| {
    let chinese = vec![
        "不能",
        "不可以",
        "无法",
        "没有",
        "没法",
        "不会",
        "不想",
        "不要",
        "不支持",
        "不了",
        "不上",
        "不退",
        "不是",
        "没收到",
        "不到",
    ];
    let mut scratch = String::new();
    let english = [
        "not", "no", "never", "without", "cannot", "cant", "wont", "dont", "doesnt", "isnt", "unable", "n't", "didnt",
        "hasnt", "fails",
    ];
    (chinese, english.iter().map(|word| stem(word, &mut scratch).to_owned()).collect())
});

/// Whether something is denied. `能不能` and `是不是` deny nothing.
pub(crate) fn is_negative(folded: &str) -> bool {
    let mut text = fold(folded);
    for question in ["能不能", "可不可以", "是不是", "会不会", "要不要", "有没有", "行不行", "无理由"]
    {
        text = text.replace(question, "");
    }
    let text = text.replace("n't", " not").replace("n’t", " not");
    NO.0.iter().any(|sign| text.contains(sign)) || letters(&text).iter().any(|word| NO.1.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_questions_are_told_apart() {
        for (text, wanted) in [
            ("保修多久", vec![Asked::Time]),
            ("什么时候发货", vec![Asked::Time]),
            ("怎么退货", vec![Asked::Way]),
            ("为什么充不进电", vec![Asked::Reason]),
            ("怎么回事", vec![Asked::Reason]),
            ("运费多少", vec![Asked::Amount]),
            ("能不能退", vec![Asked::Whether]),
            ("运费谁出", vec![Asked::Person]),
            ("how long is the warranty", vec![Asked::Time]),
            ("how do i return it", vec![Asked::Way]),
            ("where is my parcel", vec![Asked::Place]),
            ("can i pay later", vec![Asked::Whether]),
            ("press it when the light is on", vec![]),
        ] {
            assert_eq!(asked(text), wanted, "{text}");
        }
    }

    #[test]
    fn denials_are_seen() {
        for text in ["无法开机", "蓝牙连不上", "it does not charge", "it won't turn on", "I never got it"] {
            assert!(is_negative(text), "{text}");
        }
        for text in ["能不能退货", "七天无理由退货", "can i return it", "是不是正品"] {
            assert!(!is_negative(text), "{text}");
        }
    }

    #[test]
    fn forms_are_cut_out_longest_first() {
        let mut found = Vec::new();
        chinese("我的笔记本电脑怎么退换", &mut |piece| match piece {
            Piece::Known(text, concept) => found.push(format!("{text}={}", concept.name)),
            Piece::Plain(text) => found.push(text.to_owned()),
        });
        assert_eq!(found, ["我的", "笔记本电脑=notebook", "退换=return", "退换=exchange"]);
        let stems = letters("send back the laptop");
        let mut found = Vec::new();
        english(&stems, &mut |piece| match piece {
            Piece::Known(words, concept) => found.push(format!("{}={}", words.join(" "), concept.name)),
            Piece::Plain(words) => found.push(words.join(" ")),
        });
        assert_eq!(found, ["send back=return", "the", "laptop=notebook"]);
        let stems = letters("send the red laptop back, and my money");
        let mut found = Vec::new();
        english(&stems, &mut |piece| match piece {
            Piece::Known(words, concept) => found.push(format!("{}={}", words.join(" "), concept.name)),
            Piece::Plain(words) => found.push(words.join(" ")),
        });
        assert_eq!(found, ["send the red laptop back=return", "the red", "laptop=notebook", "and my monei"]);
        assert!(parted_at(&letters("give me my money back")).is_none() && parted_at(&letters("send it")).is_none());
        let stems = letters("left earbud silent");
        let mut found = Vec::new();
        english(&stems, &mut |piece| match piece {
            Piece::Known(words, concept) => found.push(format!("{}={}", words.join(" "), concept.name)),
            Piece::Plain(words) => found.push(words.join(" ")),
        });
        assert_eq!(found, ["left earbud=one side", "earbud=headphones", "silent=no sound"]);
    }
}
