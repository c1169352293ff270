//! Words by which customers say what they want, each list one sign for the model of intents: forty examples of an intent have few
//! of the words in which it can be said, and what is said in other words than the examples' is understood by these. A sign is
//! no decision: a message may have several, and the model weighs them with all else.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::heard::joins;

/// What they are signs of, and the words, in folded form; `,` between them. Models know a sign by its place: new ones come last.
const CUES: &[(&str, &str)] = &[
    (
        "hello",
        "你好,您好,你们好,哈喽,哈咯,哈啰,嗨,嘿,喂,在吗,在不在,在么,在不,早上好,早安,早啊,早呀,下午好,晚上好,中午好,午安,打扰,咨询,请问一下,有个问题,问个问题,想问,滴滴,亲,nihao,zaima,\
         hello,hi,hey,heya,hiya,hi ya,howdy,yo,sup,hola,morning,mornin,afternoon,evening,good day,greetings,\
         anyone there,anybody,is anyone,are you there,u there,excuse me,sorry to bother,have a question,quick question,\
         got a question,need some help,knock knock",
    ),
    (
        "thanks",
        "谢,感谢,多谢,感激,感恩,辛苦,麻烦你了,麻烦了,有劳,帮大忙,3q,thx,蟹蟹,xiexie,么么哒,thanks,thank,thanx,thnx,ty,tysm,ta,cheers,appreciate,\
         appreciated,grateful,merci,much obliged,nice one",
    ),
    (
        "bye",
        "再见,拜拜,拜,掰掰,88,886,回见,回头见,回聊,下次聊,下次再,改天聊,晚安,走了,走啦,先走,先忙,下线,溜了,闪了,撤了,挂了,再会,先这样,就这样,到这,没别的,没有别的,没问题了,没有问题了,没有其他,\
         没事了,结束对话,不聊,先睡,zaijian,baibai,bye,goodbye,good bye,byeee,see ya,see you,cya,ciao,adios,farewell,so long,\
         take care,later,ttyl,talk to you later,catch you,gotta go,got to go,signing off,im off,i'm off,leaving,\
         good night,that's all,thats all,that is all,that's everything,nothing else,nothing more,no more questions,\
         no other questions,i'm done,im done,have a nice day,have a good,end chat,off to bed",
    ),
    (
        "laugh",
        "哈哈,哈哈哈,嘻嘻,嘿嘿,呵呵,笑死,好笑,好逗,逗,有趣,有意思,😂,🤣,😀,haha,hehe,lol,lmao,rofl,funny,hilarious,laughing",
    ),
    ("praise you", "你真,你好聪明,聪明,可爱,厉害,真棒,牛,666,优秀,smart,cute,awesome,impressive,cool,clever,sweet,wow"),
    (
        "mood",
        "心情,无聊,难过,开心,累,困,烦,唉,郁闷,好惨,寂寞,孤单,bored,boring,sad,tired,sleepy,lonely,happy,mood,bad day,feel,annoyed,sigh,\
         depressed",
    ),
    (
        "chat",
        "聊天,聊聊,聊会,陪我,唠嗑,段子,唱歌,唱首,讲个,女朋友,男朋友,结婚,吃饭了,吃了吗,睡觉,喜欢我,喜欢你,爱你,想你,你傻,你笨,好笨,你几岁,你喜欢,chat with,talk to me,gossip,\
         sing,joke,like me,love you,miss you,marry,girlfriend,boyfriend,your favourite,your favorite,your day,\
         how are you,how's it going,how is it going,what's up,whats up,how are things,are you dumb,are you stupid,\
         do you have feelings,do you have a family,your hobbies,made me laugh,do you know any jokes,do you sleep,\
         do you eat,your weekend",
    ),
    (
        "maybe",
        "考虑,再想想,再看看,先看看,随便看,随便逛,随便瞅,随便问问,再说吧,还没想好,哦,嗯,好吧,好的吧,行吧,好滴,just looking,just browsing,looking around,\
         think about it,let me think,let me see,not decided,will see,maybe,hmm,mm,ok,okay,alright,alrighty,i see,fine",
    ),
    (
        "who",
        "你是谁,你谁,谁啊,哪位,叫什么,叫啥,名字,啥名,称呼,机器人,机器吧,人工智能,ai,gpt,程序吗,自动回复,真人吗,是人吗,真人还是,自我介绍,介绍一下你自己,介绍下你自己,你能做什么,你会什么,你能干,你会干,\
         你有什么功能,你有啥用,几岁,多大了,谁开发,谁做的你,男是女,智能客服,什么本事,who are you,who r u,who am i,who is replying,who is this,your name,\
         ur name,name,are you human,human or,a bot,robot,machine,siri,a program,automated,real person,\
         introduce yourself,about yourself,about you,what can you do,what do you do,what can u do,who made you,\
         who built you,your job,how old are you,age,male or female,what should i call you,how should i call you,skills,\
         good for",
    ),
    (
        "person",
        "人工,真人,活人,客服,转接,接线员,经理,主管,找人,来个人,叫个人,换个人,换人,跟人说,和人说,人呢,专员,rengong,human,person,agent,representative,operator,\
         real person,somebody,someone,people,staff,supervisor,manager,live chat,support,customer service,no bot,\
         no bots,not a bot,no robot,transfer me,put me through,put through,hand me over,speak to,talk to,call me",
    ),
    (
        "angry",
        "垃圾,差劲,太差,很差,烂,坑,骗,骗子,欺骗,欺诈,忽悠,黑店,破店,什么玩意,气死,气人,气炸,无语,过分,失望,恶劣,曝光,举报,12315,消协,消费者协会,法院,赔偿,说法,假货,虚假,推卸,推来推去,不负责,\
         没人管,没人理,言而无信,说话不算,投诉,tousu,再也不买,再也不来,以次充好,二手货,欺负,complain,complaint,terrible,awful,horrible,worst,pathetic,\
         disgusting,useless,rubbish,garbage,trash,stinks,sucks,scam,scammers,scammed,fraud,liars,lie,lied,crooks,\
         cheated,cheat,ripoff,rip off,conned,unacceptable,outrageous,ridiculous,nonsense,disappointed,furious,angry,\
         rude,sue,court,lawyer,compensation,compensate,report you,reporting you,never again,never buying,\
         false advertising,fake,bad experience,poor service,bad service,unhappy,speechless,joke of a",
    ),
    (
        "rate",
        "五星,四星,三星,两星,一星,星级,好评,差评,中评,满分,打分,评分,评价服务,满意,不满意,点赞,十分,5分,4分,3分,2分,1分,10分,9分,颗星,stars,star,five stars,rate,\
         rating,full marks,out of 5,out of 10,10/10,satisfied,thumbs up,good job,excellent support,great support,\
         good support,good service,great service,5/5,4/5,3/5",
    ),
    (
        "price",
        "多少钱,价格,价钱,价位,什么价,啥价,报价,售价,单价,怎么卖,卖多少,几多钱,几块,多少米,多少银子,贵不贵,贵吗,到手价,最低价,实价,一共多少,总共多少,多少大洋,原价,现价,jiage,duoshao,\
         price,pricey,cost,costs,how much,quote,expensive,dear,charge for,going for,go for,what do you want for,\
         total price,unit price",
    ),
    (
        "stock",
        "有货,现货,库存,缺货,断货,无货,没货,补货,到货,售罄,卖完,抢光,下架,上架,还有吗,还有没,剩,余量,停产,买得到,买到,有没有得卖,预售,预订,youhuo,in stock,out of stock,\
         stock,available,availability,sold out,restock,back in,preorder,pre-order,unavailable,discontinued,obtainable,\
         on the shelf,warehouse,units",
    ),
    (
        "compare",
        "比,对比,比较,区别,差别,不同,差距,哪个好,哪款好,哪个更,谁更,pk,vs,选哪个,怎么选,哪个值,哪个划算,二选一,还是,compare,comparison,compared,versus,\
         difference,differ,differences,different from,better,against,side by side,which of,which one,torn between,\
         choose between,decide between",
    ),
    (
        "fits",
        "兼容,适配,匹配,通用,能用吗,能用不,可以用,用得了,能装,装得上,插得,能连,可以连,能不能用,能配,合适吗,适合,支持吗,能充,充电吗,对得上,带得动,贴,接得上,jianrong,compatible,fit,\
         fits,work with,works with,go together,goes with my,slot into,plug,connect to,pair with,support,supports,\
         used with,will it work,ok for,ok with,right one for,usable,drive my,hold my",
    ),
    (
        "accessory",
        "配件,附件,周边,壳,保护壳,保护套,套,膜,贴膜,钢化膜,表带,充电头,充电器,数据线,支架,内胆包,包,笔尖,耳塞套,耳罩,墨盒,硒鼓,转接头,扩展坞,搭配,配什么,配个,另买,单卖,单买,遮光罩,镜头盖,备用电池,\
         accessories,accessory,case,cases,cover,covers,protector,film,strap,straps,charger,cable,cables,stand,mount,\
         sleeve,bag,pen tips,ear tips,ear pads,toner,cartridge,ink,adapter,adapters,dock,lens hood,lens cap,spare,\
         add ons,extras,goes with,go with",
    ),
    (
        "find",
        "有没有卖,有卖,卖不卖,卖吗,想买,要买,买个,我要一个,找个,找一,搜,看看有,有哪些款,有什么牌子,列一下,列几个,以内的,以下的,左右的,还有别的,换一批,来个,想要,looking for,i need a,\
         i want a,do you sell,do you have any,show me,search for,find me,browse,under,below,cheap,after a,got any,\
         wanted,less than,up to",
    ),
    (
        "recommend",
        "推荐,安利,求推,建议,帮我挑,帮我选,帮挑,选哪款,买哪款,买什么好,买啥好,哪款好,哪个性价比,适合我,送,礼物,小白,不会选,不懂,好物,闭眼入,猜我喜欢,热门,recommend,recommendation,\
         recommendations,suggest,suggestion,suggestions,advice,what should i,which should i,help me choose,\
         help me pick,pick one,choose one,best for,good for,gift,present for,beginner,would you buy,bang for,top,\
         most popular,in the market for,propose,which one would you pick,idea for,ideas for",
    ),
    (
        "opinions",
        "评价,口碑,评论,好用吗,好不好用,怎么样,咋样,值得买,值不值,靠谱,优缺点,缺点,槽点,吐槽,差评多,好评多,好评率,用过的,买过的,大家觉得,大家说,体验,质量好,耐用,翻车,踩雷,风评,反馈,买家秀,有人说,\
         真实,review,reviews,opinion,opinions,what do people,what do customers,what do users,what do owners,feedback,\
         worth,reliable,pros and cons,downsides,upsides,any good,well made,experience with,as good as,disappoint,\
         comments,praise,hype,happy with",
    ),
    (
        "newer",
        "新款,新一代,下一代,最新,升级款,升级版,换代,迭代,后续,后继,接班,替代,老款,过时,上一代,二代,第几代,新出,出新,更新的型号,停产,取代,顶替,出来了没,后面那款,newer,newest,latest,\
         successor,successors,replaced,replace it,replacement model,next generation,next gen,new generation,generation,\
         new version,upgraded version,outdated,old model,follow up to,refreshed,new release,coming soon,come after,\
         came after,took its place,replacement for,old version,most recent,next model,new model,newly launched,\
         took over,is gone,coming out",
    ),
    ("order", "订单,单子,那单,这单,我的单,下单,刚拍,拍下,拍的,dingdan,order,orders,ordered,purchase"),
    (
        "order state",
        "状态,进度,进展,处理,审核,确认,付款成功,待付款,待发货,生效,异常,关闭,备货,打包,什么情况,咋样了,怎么样了,提交成功,status,processed,processing,confirmed,\
         pending,accepted,approved,go through,went through,submitted,stage,error,packed,update on",
    ),
    (
        "parcel",
        "快递,物流,包裹,派送,派件,送到,到哪,签收,运单,单号,发货,寄出,路上,揽收,驿站,中转,承运,催,丢件,送货,配送,kuaidi,wuliu,parcel,package,tracking,track,\
         courier,delivered,delivery,deliver,shipped,ship,shipping,dispatched,arrive,arrives,arrived,on its way,\
         on the way,transit,depot,in the post,where's my,where is my,lost,eta,carrier,driver,sent yet,posted,doorman",
    ),
    (
        "list",
        "所有订单,全部订单,历史,买过,记录,几个订单,哪些订单,列出,都买了,我名下,交易,历史订单,最近几笔,order history,history,my orders,all orders,all my orders,\
         past orders,previous orders,previous purchases,purchases,bought before,what have i bought,list my,\
         transactions,recent orders,everything i",
    ),
    (
        "cancel",
        "取消,撤,撤单,撤销,不要了,不买了,不想要,作废,别发,拦,反悔,后悔,重复下单,下错单,拍错,关闭订单,quxiao,不用发,退单,cancel,cancelled,canceled,cancellation,\
         call off,abort,void,revoke,undo,scrap,stop the order,stop my order,don't ship,dont ship,dont send,\
         changed my mind,by mistake,twice,dont want it anymore,don't want,annul,no longer need,dont need it anymore,\
         remove my order,take my order out,back out,isnt needed,not needed anymore,kill",
    ),
    (
        "address",
        "地址,收货人,收件人,门牌,邮编,收件,搬家,改送,送到公司,送到学校,楼号,送别处,寄到,改到,dizhi,换个地方,address,recipient,postcode,zip,moved,redirect,\
         different place,another place,my office,to my work,building number,flat number,shipping details,\
         delivery details,shipping info,somewhere else,house number,street,my parents,parents instead,the recipient,\
         shipped to my,contact number",
    ),
    (
        "return",
        "退货,退掉,退了,想退,要退,给我退,退一下,退回,不合适,七天,tuihuo,return,returns,returned,returning,send back,send it back,\
         send this back,sending it back,take it back,back to you",
    ),
    ("money back", "退款,退钱,退我,钱退,到账,打款,退的钱,tuikuan,refund,refunded,refunds,money back,payout,my money"),
    (
        "exchange",
        "换货,换一个,换个,换一台,换新,换成,换大,换小,换色,调换,更换,huanhuo,exchange,swap,replacement,replace,replace it,different size,\
         other colour,another one,instead,switch it",
    ),
    (
        "repair",
        "修,维修,报修,送修,寄修,返修,修理,检修,师傅,上门,换屏,换电池,预约,weixiu,baoxiu,repair,repaired,repairs,fix,fixed,fixing,mend,mended,\
         technician,engineer,service appointment,screen replacement,battery replacement,workshop,service slot",
    ),
    (
        "invoice",
        "发票,开票,专票,普票,增票,抬头,税号,报销,报账,开具,票据,补票,换开,fapiao,invoice,invoices,receipt,receipts,vat,tax number,tax id,\
         tax receipt,bill,expenses,proof of purchase,accounting,itemised",
    ),
    (
        "price drop",
        "降价,价保,保价,差价,补差,退差,便宜了,掉价,买贵,买早了,降了,跌了,找补,jiabao,price drop,price dropped,dropped,cheaper now,price protection,\
         price match,price adjustment,the difference,price fell,went down,overpaid,lower price,price guarantee,\
         went on sale,credit me",
    ),
    (
        "trade",
        "以旧换新,旧机,旧手机,旧电脑,旧的,回收,置换,折价,抵扣,抵多少,折抵,估价,估值,二手,换购,收旧,淘汰,jiuhuanxin,trade in,trade-in,trade,old phone,\
         old laptop,used,second hand,buyback,buy back,part exchange,recycle,valuation,worth,sell my old,swap my old,\
         old for new",
    ),
    (
        "policy",
        "几天,规则,政策,规定,条件,期限,无理由,可以退,能退,能不能退,拆封,激活,吊牌,包装,谁出,要求,流程,怎么算,policy,rules,conditions,terms,how many days,\
         how long do i have,window,period,deadline,opened,unopened,packaging,allowed,who pays,restocking,eligible,\
         accepted,possible,limits",
    ),
    (
        "warranty",
        "保修,质保,联保,三包,在保,过保,延保,保几年,保不保,保吗,保多久,碎屏险,baoxiu,warranty,guarantee,covered,cover,coverage,\
         manufacturer warranty,care plan,extended,accidental damage",
    ),
    (
        "postage",
        "运费,邮费,包邮,免邮,快递费,配送费,免运费,次日达,当天发,几天到,几天能到,多久能到,多久到,多久发货,发货地,发什么快递,哪家快递,顺丰,海外,国外,偏远,新疆,西藏,送货上门,送上楼,自提,周末送,节假日送,\
         定时,postage,shipping cost,shipping fee,shipping costs,delivery fee,free shipping,free delivery,\
         how long does shipping,how long does delivery,ship to,deliver to,overseas,international,abroad,next day,\
         same day,weekend delivery,sunday delivery,express,ups,fedex,dhl,usps,royal mail,po box,signature,cut off,\
         which courier",
    ),
    (
        "pay",
        "付款,支付,付钱,分期,花呗,白条,信用卡,刷卡,微信支付,支付宝,货到付款,转账,银联,手续费,免息,利息,首付,定金,代付,余额,扫码,zhifu,pay,payment,payments,paypal,visa,\
         mastercard,amex,credit card,debit,card,cash on delivery,instalments,installments,installment,financing,klarna,\
         afterpay,bank transfer,interest,deposit,apple pay,google pay,gift card,declined,charged",
    ),
    (
        "offer",
        "优惠,活动,打折,折扣,券,红包,满减,促销,赠品,便宜点,少点,砍价,抹零,拼团,买一送一,半价,会员价,学生价,教育优惠,国补,补贴,秒杀,凑单,618,双十一,youhui,discount,discounts,\
         coupon,coupons,voucher,promo,promotion,promotions,sale,deal,deals,offer,offers,cheaper,code,freebie,freebies,\
         gift with,bundle,student,loyalty,bogo,clearance,half price,haggle,black friday",
    ),
    (
        "store",
        "门店,实体店,店在哪,店里,线下,营业,开门,关门,几点上班,几点下班,地址在哪,附近,电话,热线,停车,地铁,专柜,总部,公司在哪,体验店,网点,几楼,导航,store,stores,shop,shops,\
         showroom,branch,opening hours,business hours,open,close,closing,located,location,nearest,parking,phone number,\
         hotline,head office,in person,visit,floor,tube",
    ),
    (
        "account",
        "账号,帐号,账户,密码,登录,登陆,登不上,登不了,注册,注销,验证码,绑定,解绑,换绑,会员,积分,等级,昵称,头像,实名,退出登录,被盗,冻结,denglu,account,password,log in,\
         login,sign in,sign up,register,username,verification,code,points,membership,member,profile,email address,\
         unsubscribe,two factor,locked,hacked,delete my,log out",
    ),
    (
        "how",
        "怎么用,怎么连,怎么设置,怎么装,怎么开,怎么关,怎么换,怎么弄,如何,教程,说明书,使用方法,配对,恢复出厂,截屏,录屏,投屏,配网,格式化,更新系统,连蓝牙,连wifi,咋用,咋连,咋弄,zenme,怎么操作,\
         在哪设置,怎样,how do i,how to,how can i,setup,set up,manual,instructions,tutorial,guide,pair,reset,screenshot,\
         configure,install,enable,turn on,switch on,turn off,which button,update,transfer,format,calibrate,how does,\
         where can i find the,what are the steps,what should i press,which setting,walk me through,help me install",
    ),
    (
        "broken",
        "坏了,没反应,开不了机,不开机,打不开,黑屏,花屏,蓝屏,死机,卡死,卡顿,闪退,闪屏,断连,断网,连不上,连不了,充不进,充不上,充不了,没声音,没声,无声,杂音,失灵,不灵,发烫,烫手,发热,掉电,自动关机,重启,\
         故障,报错,没信号,卡纸,条纹,漂移,起雾,异响,不亮,搜不到,识别不了,用不了,抽风,突然,有条线,变砖,断断续续,broken,broke,not working,doesn't work,doesnt work,\
         wont work,stopped working,won't turn on,wont turn on,dead,black screen,blank,frozen,freezes,freeze,crash,\
         crashes,crashing,error,problem with,issue with,no sound,no signal,no internet,can't connect,cant connect,\
         won't connect,wont connect,disconnects,drops,lag,laggy,slow,overheat,overheating,hot,drain,drains,flickering,\
         stuck,jam,jammed,noise,loud,smells,wont charge,won't charge,not charging,doesn't charge,restarting,reboots,\
         unresponsive,not recognised,not recognized,acting up,lines on,line across,line on,will not,stays black,\
         goes black,is black,cuts out,loses the connection,loses connection,suddenly,strange noise,empty after,\
         wont open,bricked,unreadable,nothing happens,keeps",
    ),
    (
        "spec",
        "内存,存储,屏幕,电池,续航,重量,多重,处理器,cpu,显卡,像素,摄像头,刷新率,分辨率,接口,防水,蓝牙,wifi,尺寸,厚度,颜色,参数,配置,规格,功率,快充,指纹,双卡,背光,系统,容量,几寸,毫安,几核,\
         材质,天线,dpi,降噪,nfc,ram,memory,storage,screen,display,battery,weight,weigh,heavy,processor,chip,gpu,graphics,\
         camera,megapixels,refresh rate,resolution,ports,port,usb,hdmi,waterproof,bluetooth,dimensions,thick,colour,\
         colours,colors,specs,specifications,details,fast charging,wireless charging,fingerprint,dual sim,backlit,os,\
         android,cores,capacity,mah,inches,brightness,speed,gps,antennas",
    ),
];

/// The first sign: a rare character, a word of its own; none of [`knowledge::signs`](crate::knowledge)'s.
const FIRST: u32 = 0x3800;
/// Bytes of the longest word that is looked for.
const WORD_MAX: usize = 32;

/// The signs of each word.
static WORDS: LazyLock<FxHashMap<&'static str, Vec<u8>>> = LazyLock::new(|| {
    let mut words: FxHashMap<&str, Vec<u8>> = FxHashMap::default();
    for (sign, (_, all)) in (0u8..).zip(CUES) {
        all.split(',').for_each(|word| words.entry(word).or_default().push(sign));
    }
    words
});

/// Words of Latin letters that signs are made of.
static LETTERS: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| CUES.iter().flat_map(|(_, all)| all.split([',', ' ', '-', '\''])).collect());

/// Whether a word of letters is one of a sign, or a part of one.
pub(super) fn has_word(word: &str) -> bool {
    LETTERS.contains(word)
}

/// The signs of a folded text, each once, in their order. Words of letters count whole, others wherever they stand.
pub(super) fn signs(folded: &str) -> String {
    let mut found = [false; CUES.len()];
    for (from, first) in folded.char_indices() {
        if !first.is_alphanumeric() && first.is_ascii() || joins(folded, from) {
            continue;
        }
        let last = folded.floor_char_boundary(from + WORD_MAX);
        let mut to = from + first.len_utf8();
        loop {
            if folded.is_char_boundary(to)
                && !joins(folded, to)
                && let Some(signs) = WORDS.get(&folded[from..to])
            {
                signs.iter().for_each(|&sign| found[usize::from(sign)] = true);
            }
            if to >= last {
                break;
            }
            to += 1;
        }
    }
    let signs = (FIRST..).zip(found).filter(|(_, is)| *is).filter_map(|(sign, _)| char::from_u32(sign));
    signs.flat_map(|sign| [' ', sign]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of the signs of a text.
    fn names(text: &str) -> Vec<&'static str> {
        let place = |sign: char| (sign as u32).checked_sub(FIRST).map(|at| CUES[at as usize].0);
        signs(text).chars().filter_map(place).collect()
    }

    #[test]
    fn words_are_signs_of_what_is_wanted() {
        assert_eq!(names("帮我查下退款到账没"), ["money back"]);
        assert_eq!(names("thanks a lot, bye"), ["thanks", "bye"]);
        assert!(names("my phone wont turn on").contains(&"broken"));
        assert!(names("shipmentx").is_empty(), "a word of letters counts whole");
        assert_eq!(names(""), Vec::<&str>::new());
    }

    #[test]
    fn every_word_can_be_found() {
        for (name, words) in CUES {
            for word in words.split(',') {
                assert!(!word.is_empty() && word.len() <= WORD_MAX && word.trim() == word, "{name}: '{word}'");
                assert!(names(word).contains(name), "{name}: {word}");
            }
        }
    }
}
