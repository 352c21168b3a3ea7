"""Words of an answer: coming, cannot come, on the scene. Patterns over folded clauses without blanks.

A clause is an answer only where all of it is known: who, when, the verb, and what follows. So "快递已到" and "我到了杭州"
are none.
"""

from __future__ import annotations

# fmt: off

ONE = "1|一|壹|幺|①"
TWO = "2|二|两|贰|②"
THREE = "3|三|叁|③"
DIGITS = {"1": "coming", "一": "coming", "壹": "coming", "幺": "coming", "2": "cannot", "二": "cannot", "贰": "cannot"} | {
    "3": "on_scene",
    "三": "on_scene",
    "叁": "on_scene",
}
SAYS_NUMBER = (
    r"(?:我?(?:改(?:成|为|选|按|回复?|发)?|选择?|回复|回|按下?|答复?|发|填|输入?)(?:了|数字|按键|键|的是|个)*|数字|答案是?|reply(?:ing)?|press(?:ed)?|option|number|answer|no\.?)"
)
AFTER_NUMBER = r"(?:号键?|键|了|收到|sorry|哈|啊|吧|哦|嗯|谢谢|好的|不好意思|对不起|对不住|抱歉|ok|please|thanks|thank you)"
NUMBER_FAILS = (
    r"(?:了|键|以?后|之后|也|都|就|却|还是|还|结果|可是?|但是?|一直|总|怎么|你们|电话|系统|半天|好几次|几次|几遍)*(?:没(?:有)?(?:反应|用|动静|声音|信号|回音|人|效果)|不(?:行|灵|动|通|起作用|好使|管用|响|对|能用)|(?:按|回|发)?不(?:了|出去|过去|上)$|"
    r"无效|失败|坏了|失灵|断了|挂了|是(?:什么|啥|干|来|能|不)|有(?:什么|啥|没|用)|会(?:怎|不)|怎|能(?:不|干)|干(?:嘛|啥|什么)|可以(?:吗|不)|就(?:是|行|可)|什么|啥|代表|的意思|意思|doesn't|does not|isn't|is not|not work|didn't|fail|means?\b)"
)
"""Behind a number: it is spoken of, not given ("按1没反应", "1是什么意思")."""
BEFORE_ANSWER = (
    r"(?:反正|总之|干脆|索性|不管了?|不管怎样)(?=我|俺|咱|人)|(?:(?:关|熄|锁|放下)(?:了|好)?(?:火|灶|煤气|电|灯|门|店门?|电视|碗筷?)(?:就(?=马上|立马|来|过|去|赶|跑)|(?=我|马上))|哎呀|哎哟|哎|诶|欸|唉|喂|嗨|嘿|呃|额(?=我)|那个|(?:老|小|阿)[\u4e00-\u9fff](?=我)|[\u4e00-\u9fff]{1,2}(?:哥|姐|叔|婶|伯|嫂|爷|奶奶|大爷|大妈|阿姨|妈|爸)(?=我))|(?:不用|别|不要|甭)(?:再|给我|一直|老)*(?:打|催|叫|喊|吵|急|怕|慌|哭)(?:电话)?(?:我|人)?(?:了|啦|哈|啊)*|(?:知道|收到|看到|看见|听到|听见|醒|起来|起床)(?:短信|电话)?(?:了|啦)|没事(?:的|儿)?|不用急|不要紧"
)
"""May stand before an answer without a stop: "别打了我来了", "没事我离得近马上到"."""
BEHIND_ANSWER = r"(?<=.了)已经$|(?<=..)(?:你们?)?等(?:我|一?下|等)[\u4e00-\u9fff]{0,6}$|(?<=..)(?:你们?)?(?:坚持住?|撑住|挺住|别怕|别慌|别急|放心)(?:了|啊|吧|哈)?$"
"""May stand behind an answer without a stop: "来了等我穿个衣服"."""
LOOKS_WHAT_IS_UP = r"(?<=[来去看下瞧])(?:是|到底)*(?:怎么回事|咋回事|什么情况|啥情况|啥事|什么事|怎么了)$"
"""What somebody comes to see: it asks nothing behind "我来看看"."""
TYPOS = {"comming": "coming", "comin": "coming", "cumming": "coming", "comeing": "coming", "cant't": "can't", "ariving": "arriving", "arived": "arrived"}
ANSWER_THEN_MORE = (
    r"^(?:(?:我们?|俺|已经|已|刚刚?+|都|现在)*到(?:了|啦|(?:他|她|你)们?家(?:的)?(?:门口|楼下|院子)?了|现场了|门口了|楼下了))(?=门|开门|快开|你(?:在|开|快)|没人|人[在没还都]|火|看到|敲|老人|里面|需要)|"
    r"^(?:(?:好的?|收到)?我?们?(?:马上|这就|现在就?)?(?:到|来|过来|过去)了?)(?=你家门|你们先|你先|先把|先别|谁(?:报|打|叫)|门给我)|"
    r"^(?:我们?|俺|咱们?|已经|已|正|刚刚?+|现在|人)*(?:(?:在|到)?半?路上|出门|出发|动身|上路|下楼|上车)(?:了|啦)(?!.*(?:说|听|没事|不用|取消|解除|误))(?=前面|路上|路|堵|外面|外头|雨|雪|雾|天|车子?|可能|大概|要|还要|有点|会|慢|稍|离|骑|走)"
)
"""An answer, and what is told behind it without a stop."""
IN_DOUBT = (
    r"^(?:(?:我们?|俺|咱|刚刚?+|已经?|先|也|就|现在)*(?:走|回来|回去|走过去)(?:了|啦)*|(?:我|俺|刚|正|在)*往?家里?(?:走|赶|跑)(?:了|呢)*|"
    r"(?:人|大家)?都(?:来|去|到|到齐|过来|过去)(?:了|啦|吧)*|(?:都|快)*(?:来|去)帮(?:帮)?(?:忙|他|她|一下|吧)*)$"
)
"""Of these nobody knows whether the writer comes: they may have left, or speak of others, or give an order."""
HEDGED = r"^(?:我们?|俺|额|今天|今晚|这会儿?|现在|抱歉|不好意思|对不起)*(?:恐怕|只怕|怕是|估计|可能|大概|应该|好像|看来|看样子)"
"""Before a refusal it leaves the refusal one: "恐怕来不了"."""
SAYS = r"(?<!再).(?<!再)(?:说|讲|问|喊|告诉.{1,3}|(?<!不)回复?|发来|写)(?:道|了|的是|过)?$"
"""What follows is somebody else's: "老李说，马上到"."""
OF_SYSTEM = (
    r"(?:^\s*(?:or|还是|或者?|或是|and|和|跟|与)\s*(?:press |reply |按|回复?)?[23二三]|(?:还|又|一直|老是?|怎么|为什么|为何|咋|干嘛|干吗).{0,6}(?:打|响|来电|电话|短信|催|发)|扣(?:费|钱|话费)|收(?:费|钱)|要钱|话费|没(?:有)?(?:反应|用|声|动静)|没人(?:接|理|回)|"
    r"系统|出错|失败|有没有(?:收到|用|效)|收到(?:没|了没|吗)|\bnothing (?:happen|works)|\bstill (?:ringing|calling)|\bwhy\b|\bdoes nothing\b|\bcharge)"
)
"""Said of a number or of what came of it: the number is spoken of, not given."""
UNITS = (
    r"(?:分|分钟|刻|秒|个|点|时|号(?!键|$)|楼|户|人(?![在扶没都已还])|米|公里|里路|小时|钟头|天|日|月|家|组|队|村|斤|块|元|岁|年|次|条|只|层|单元|室|栋|幢|路|"
    r"位|名|辆|台|遍|更|半|百|千|万|楼|%|[:.\-/]?\d|min|mins|minutes?|hours?|hrs?|h\b|km|m\b|people|of us|persons?|st\b|nd\b|rd\b|am|pm|o'clock|"
    r"more|day|days|week)"
)

I_MOVE = (
    r"^(?:好|嗯|行|那|走|好的|收到)*(?:我们?|俺们?|咱们?)(?![的家])(?P<how>(?:(?!过来|过去|赶|往)[^让派请等看听说问送接寄递传发转搬嫁熬挺晕昏睡醒缓怕想叫喊给]|叫(?:上|了)|喊(?:上|了)){0,18}?)"
    r"(?:马上|这就|现在|就|正在|正|也|都|先|一起|一块儿?|一道|赶紧|已经|要)*"
    r"(?:[赶跑走冲飞骑开绕奔]?过(?:来|去)|赶来|赶去|(?:[往朝](?:你|他|她|那|这)们?(?:家|边|里|儿|头)?(?:那边|这边)?)(?:赶|跑|奔|走|来|去|骑|开|冲)(?:来|去|过来|过去)?)(?:了|啦|哈|看看|看下|看一下|帮忙)*$"
)
"""In the first person, however one moves and whomever one brings, up to the verb that leads there and the end."""
I_SEND = r"(?:叫|喊)(?:了|上)(?!.*(?:一起|一块|一道|和我|跟我))"
"""Others move, not the writer."""
LISTS = r"\s*[、.)\]】:]\s*(?=[^\W_])"
"""Behind a number that counts a point of a list."""
LISTS_ON = r"(?:^|[\s,。;!?])[(]?(?:2|二)\s*[、.):](?!\d)"
"""The next point of that list."""
BARE_ANSWER = (
    r"(?:yes|yep|yeah|yup|y|sure|ok|okay|of course|will do|absolutely|definitely|no|nope|nah|negative|不|否|不行|不能|不可以|不可|可以|能)(?: (?:sir|man|please|sorry|thanks))*"
)
"""A yes or no without a verb: what stands beside it decides what it answers."""
GOES_WITH_BARE = (
    r"(?:我|俺|咱|偶|额|家里|屋里|在(?!.*(?:烧|吵|打|放))|没(?:空|时间|车|办法|在)|有(?:点|些)?(?:事|急事)|正(?:在|好)|走不|脱不|来不|去不|回不|太远|太晚|上班|加班|值班|忙|抱歉|不好意思|对不起|对不住|麻烦|谢谢|多谢|辛苦|请|马上|立|等|稍|这就|就|好|行|嗯|收到|知道|别急|"
    r"\d+ ?(?:分|min)|sorry|so sorry|(?:i|we)(?:'?m|'?re|'?ll| am| are| will| can| can't| cannot| live| work| just| have to)\b|my\b|at\b|busy|working|too\b|thanks?|thank|please|wait|hold|hang|give|in \d|be\b|on\b|just\b|coming|can'?t|cannot|not (?:home|here|in|at)|out of|away)"
)

_NAME = "(?:(?!马上|马来|就|快|这就|立|要|会|正|能|没|不|还)[\u4e00-\u9fff]){1,4}"
_FAMILY = "(?:老头子?|老爷子|当家的|男人|女婿|侄子|小子|老公|老婆|儿子|女儿|爸|妈|爷爷|弟弟?|哥哥?|丈夫|媳妇|爱人|老伴|孙子|家人|家里人|父亲)"
WHO = (
    rf"(?:我们?|咱们?|俺们?|本人|我家|(?:咱|我)?们?哥(?:几个|仨|俩)|我(?:和|跟|带着|带上?|叫上|喊上){_NAME}(?:一起|一块儿?|一道|两个人?|俩|两口子)?|额|偶|吾|阿拉|(?:老婆|老公|儿子|女儿|老爸|爸|妈|媳妇|爱人|家里人|哥|弟)(?:和|跟)我|(?:我|俺)?(?:们)?(?:俩|夫妻俩|两口子|父子俩|两个|几个|全家|一家人?|这边|这里|一个人)|"
    rf"(?:带|叫|喊|拉)(?:着|上|了)(?:我|俺|额)(?:家)?的?{_FAMILY}(?=一起|一块|一道)|"
    rf"(?:叫|让|喊|派)?(?:我|俺|额)(?:家)?的?{_FAMILY}(?:和我|跟我)?|那我|好我|嗯我|那就|那)"
)
WHEN = (
    r"(?:马上|立马|立刻|立即|即刻|即将|这就|就|现在|正在|正|正要|在|已经|已|刚刚?+|也|都|一会儿?|一会会|等会儿?|等下|等一下|稍等|很快|快|赶紧|赶快|尽快|火速|"
    r"肯定|一定|会|要|能|可以|可|准备|打算|抓紧|先|大概|大约|估计|差不多|最多|还有|再过|再有|最快|[两二]条腿|骑(?:着)?(?:车|电瓶车|电动车|摩托车?|自行车)|开(?:着)?车|(?:开|骑|蹬|踩)(?:着|了|上)?(?:电动三轮|电三轮|三轮|面包|小|货|皮卡|摩托|拖拉机|船|板)(?:车)?|这[次回]|走路|跑步|跑着|"
    r"(?:把|将)?(?:手[头上里]边?|地里|田里|店里)?的?(?:活儿?|事情?|生意|牌|麻将|饭碗|碗筷?)(?:先)?(?:放下|丢下|撂下|扔下|搁下|丢开|放一放|一放|一丢|一扔)(?:了|先)?|[\u4e00-\u9fff]{1,3}(?:放下|丢下|撂下|扔下|一放|一丢|一扔)(?=就|马上)|(?:放下|丢下|撂下|扔下)(?:手[头上里])?的?(?:活儿?|事情?|生意|牌|麻将|饭碗|碗筷?)(?:了)?|"
    r"带(?:着|了|上|个)?(?:人|狗|灭火器|水桶|家伙|手电筒?|几个人|两个人)|拿(?:着|了|上|起|个|把)?(?:灭火器|手电筒?|棍子?|木棍|家伙|工具|水桶|锄头|铁锹|铁锨|扁担|绳子|梯子|药箱?)|叫上(?:人|几个人|大家)|"
    r"(?:从|在)?(?:家里?|地里|田里|厂里|店里|村口|街上|镇上|山上|菜场|这边|那边|外面|单位)|往(?:你|他|她|那|这|回)?(?:家|边|里)?|穿(?:好|上)?(?:个|件)?衣服|起床(?:了)?|"
    r"连夜|冲|飞|跑|全速|摸黑|想|得|该|(?:我)?(?:离|住)(?:得|的)?(?:很|不|比较)?(?:近|远)|(?:我)?就?住(?:在|得|的)?(?:他|她|你)?(?:们)?(?:家)?(?:的)?(?:旁边|隔壁|附近|对面|边上|楼上|楼下|前面|后面|不远)|就?在(?:你|他|她)们?家(?:的)?(?:后面|前面|旁边|隔壁|对面|附近|后头|边上)|(?:手上|手里|手头)有点事|[\u4e00-\u9fff]{0,2}(?:关|锁|放|拴|穿|换|洗|喂)(?:了|好|完)(?=就|马上)|(?:跨|穿|翻|越|绕|趟)过(?:了)?(?:[这那]?[条座道])?[\u4e00-\u9fff]{1,3}(?=就到|就来|马上|便到)|拐(?:个|过)?弯|转个弯|过(?:了)?(?:桥|河|马路|路口)|从[\u4e00-\u9fff]{1,4}(?=[赶跑走冲飞骑开绕]?(?:过来|过去))|(?:弄|忙|吃|办|收拾|穿|换|关|锁|放|停)(?:完|好)(?:了|门|车|手)*|(?:带|扛|提|抄|操|拎|背)(?:着|了|上|起)(?:家伙|[\u4e00-\u9fff]{1,3}(?=过|来|去|赶|跑))|在?(?:穿|换)(?:好|着)?(?:鞋|衣服?)子?了?|刚?出了?(?:村口?|家?门|小区)了?|就?在(?:隔壁|附近|对面|边上|旁边|不远)|在(?:车|电动车|电瓶车|摩托车?|路)上了?|上车了?|没睡|醒着|一起|一块儿?|一道)"
)
_COUNT = r"(?:\d{1,2}|[一二两三四五六七八九十几]{1,3})"
WAIT = (
    rf"(?:(?:大概|大约|约|估计|差不多|最多|还有|还要|要|只要|就要|才|再过|再有|不出)?(?:{_COUNT}(?:来|多|几)?(?:-\d+)?个?(?:分钟?|秒钟?|刻钟)|半个?(?:小时|钟头?)|半小时|一刻钟|几分钟)"
    r"(?:左右|之?后|之?内|以内|就|便|可以|能|内|不到)*)"
)
FEW_MINUTES = rf"(?:大概|大约|约|估计|差不多|最多|还要|要)?{_COUNT}(?:来|多)?分钟(?:左右|之?内|以内)?"
"""Alone it says how soon: "3分钟"."""
YES = (
    r"(?:好的?|好嘞|好勒|好咧|好滴|好哒|好吧|好啊|好呀|好哇|行|行的|嗯++|恩|噢|哦|收到|明白|知道了?|晓得了?|晓得嘞|ok|okay|okk+|没问题|得嘞|中|是的?|对|可以|要的|来得及|"
    r"快了|坚持住|别急|别怕|不急|等我|等着|稳住)"
)
GO = (
    r"(?:[赶跑走冲飞骑开绕奔追爬摸蹬]?过(?:来|去)|赶来|赶去|赶到|赶往|赶回来|赶回去|赶回|赶|前往|(?:调|掉)头(?:过来|过去|回来|就来|赶来)|跑来|跑去|跑过来|跑过去|走过来|走过去|冲过来|冲过去|飞过来|骑过来|开过来|开过去|"
    r"出发|出门|动身|上路|出动|起身|下楼|下来|上来|在?半路上?|在路上|去的路上|来的路上|路上|去现场|来现场|到现场去|去帮忙|来帮忙|来帮你|来帮你们|去帮他|去帮她|去帮他们|回来|回去|回村|"
    r"去看看|来看看|去看一下|来看一下|去看|来看|去瞧瞧|到你家去|到他家去|去你家|去他家|来你家|上你家|去[\u4e00-\u9fff]{1,3}家|来|去|到那边去|先(?:过来|过去|来|去)(?:看看|看一下)?再说|过来看看|过去看看|支援|走|上车|往(?:你|他|她|那|这)们?(?:家|边|里|儿)?(?:赶|跑|奔|走|来|去|骑|开|冲))"
)
TAIL = (
    r"(?:了|呢|啦|咯|喽|嘞|哉|哒|哩|咧|噻|撒|滴|紧|哈|啊|呀|哦|噢|哟|嗯|的|中|着|路上|的路上|看看|看一下|看一看|看下|瞧瞧|瞅瞅|瞅一眼|看一眼|瞄一眼|望望|帮忙|帮你们?|帮他们?|帮一下|一下|这边|那边|那里|那儿|"
    r"这里|他家|她家|你家|你们家|你们那里?|现场|一趟|等我|等着我?|稍等|别急|别怕|马上|就来|就到|没问题|去|来|ing|帮你家|支援|处理|救援)"
)
NEAR = r"(?:才能到|才到|到|拢|能到|就到|可到|会到|到达|到场|赶到|到位|可以到|能赶到|到你家|到他家|到你们家|到你那里?|到那里?|到那边|到现场|到门口)"
SOON = r"(?:马上|立马|立刻|立即|即刻|这就|就|快要?|即将|一会儿?|等会儿?|很快|要|会|能|可以|大概|大约|估计|差不多|最多|再过|几分钟|尽快|火速|就快|肯定|一定|稍等|等下)"

MINUTES = r"(?P<count>\d{1,2}|[一二两三四五六七八九十]{1,3})(?:来|多|几)?个?\s*(?:分钟?|minutes?|mins?\b|m\b)|(?P<half>半个?小时|半个?钟头)|(?P<quarter>一刻钟)"
NUMERALS = "零一二三四五六七八九"

THERE = (
    r"(?:(?:他|她|他们|她们|你|你们|您|那户|那家|求助人|事主)(?:家|屋)?(?:里|门口|大门口|门前|门外|楼下|院子|院子里|院里|院内|屋里|家里|边上|旁边|这里|这边|跟前)?|"
    r"(?!老家|自家|自己|我|大家|回|全家|国家|丈|岳|外婆|外公|亲戚|娘家|别人|人家|咱)[\u4e00-\u9fff]{1,4}家(?:里|门口|楼下|院子|院子里|这里|这边)?|"
    r"现场|大?门口|大?门外|楼下|院子里?|这里?|这儿|这边|地方|出事(?:的)?地(?:点|方)|目的地|着火点|家门口|位置)"
)
STRICT_THERE = r"(?:现场|(?:他|她|你)们?(?:的)?屋(?:里头?|头)|(?:他|她|他们|你|你们|您)家(?:的)?(?:里|门口|楼下|院子里?|院里|屋里|这里)?|(?:他|她|你|您)们?门口|大?门口|楼下了|这里?了?|这儿|这边了?|院子里)"
ALREADY = rf"(?:我们?|咱们?|俺们?|我(?:和|跟){_NAME}|我们?(?:\d|[一二两三四五六七八九几仨俩])个?(?:人)?|我家里?人|我家|人|已经|已|刚刚?+|都|也|全|现在|终于|总算|早就|好的?|ok|大家|我俩|我们几个)"
ARRIVE = r"(?:到|拢|到达|抵达|来到|赶到|走到|跑到|进(?:了|到)?|到场|到位|到了)"
DONE = r"(?:了|啦|咯|喽|嘞|哉|哒|哩|咧|哈|啊|呀|哦|到了|在(?:这|这里|现场)|没人应?)"

CITIES = (
    "县城|县里|市里|城里|省城|市区|上海|北京|天津|重庆|广州|深圳|东莞|佛山|珠海|中山|惠州|杭州|宁波|温州|绍兴|嘉兴|湖州|金华|义乌|台州|丽水|衢州|舟山|苏州|无锡|常州|南京|南通|扬州|徐州|昆山|合肥|芜湖|"
    "福州|厦门|泉州|南昌|济南|青岛|烟台|郑州|洛阳|武汉|长沙|成都|贵阳|昆明|西安|兰州|太原|石家庄|沈阳|大连|长春|哈尔滨|南宁|海口|三亚|拉萨|乌鲁木齐|银川|西宁|呼和浩特|"
    "香港|澳门|台湾|台北|台中|高雄|新疆|西藏|云南|四川|贵州|广东|广西|福建|江西|湖南|湖北|河南|河北|山东|山西|陕西|安徽|江苏|浙江|海南|东北|内蒙古|日本|韩国|美国|泰国|意大利|西班牙|非洲"
)
"""Too far for a ring: whoever is there cannot come now."""
IN_A_CITY = rf"^(?:我们?|俺|额|我家里?人?|人|我人|现在|今天|这几天|这两天|这阵子?|这周|目前|还|都|正|最近)*在(?:{CITIES})(?:市|省|那边|这边)?(?:的)?(?:厂里?|工地|公司|店里|医院|学校|单位)?(?:打工|上班|出差|干活|读书|上学|带孙子|旅游|看病|住院|住|呢|了|啊|哩|嘞|咧|哦|噢|啦|呀|的)*$"
_ABSENT_WHO = "我们?家?|俺|额|我家里?人?|人|我人|现在|今天|今晚|最近|都|这会儿?|这几天|这两天|这阵子?|目前|刚好|正好|已经|全家|对不起|抱歉|不好意思|实在|真的|正"
_EXCUSES = "(?:在)?(?:出差|上班|加班|值班|开会|上课|打工|住院|陪护|陪床|看病|打针|挂水|输液|做手术|旅游|旅行|走亲戚|喝喜酒|吃酒|办事|有事|忙)(?:去|着|呢|了|中|啊)*"
_ABSENT = "(?:人)?(?:都)?(?:(?:不|没)在(?:家里?|村里?|本地|附近|这边|镇上|县里|老家|屋头)?|(?:在|正在)上(?:夜|晚|早|中|大夜|小夜)班|在(?:外地|外面|外头|外省|国外|省外|医院|厂里|单位|地里|山上)|(?:出差|外出|出国|出远门|去外地|进城|回娘家)(?:了|去了|在外)?)(?:呢|了|啊|的|呀)*"
"""Away, in words that may follow each other without a stop: "出差了不在". Some are excuses, too, so a run of them is
matched possessively: with two ways for each word the time would double with each."""
CANNOT_HARD = (
    *("(?:走|跑|爬|动|挪)不动", "(?:走|脱|离|来|去|过)不(?:掉|脱)", "没人能(?:来|去|过来|过去)", "不敢(?:来|去|过来|过去|出门)", "(?:来|去|到|过来|过去|返|返来|赶)唔(?:到|切|来|去|及|成)", "唔(?:得闲|在|方便|能够?|可以|来|去|得)", "(?:来|去|到|过|赶)8(?:了|来|去)", "(?:来|去|过来|过去|赶)不(?:倒|赢|拢)", "(?:莫|没)得(?:空|办法|法)", "来没法", "(?:来|去|过来|过去|走)不得(?!了|已)", "(?:来|去)没得(?:了|法)"),
    *("(?:来|去|过来|过去|赶来|赶到|赶去|赶过来|赶过去|到|回|回来|回去|赶回来|赶回去|出|出来|出去|走|跑|帮)不了", "(?:来|去|过来|过去|赶|赶过|走|跑)不(?:来|去|过来|过去|到|及)"),
    *("过不(?:来|去)", "回不(?:来|去)", "赶不(?:来|去|到|上|回|过)", "来不(?:了|成|来|及)", "去不(?:了|成|来)", "来部了", "莱不了", "来不鸟", "出不(?:来|去|了门)", "起不来床"),
    *("(?:不能|没法|没办法|无法|没法子|不好|不便|不方便|不可能|没能力|不能够|未能)(?:马上|现在|立刻|及时|赶|过|再|去|来|到|前往|帮|参加|出|离开|走)(?:来|去|到|过来|过去|回来|回去|回村|场|现场|忙|你|他|门|开)*",),
    *("开不了车", "走不开", "脱不(?:开|了)身", "抽不(?:开|出)身?", "离不开", "腾不出", "分不开身", "有事(?:情)?(?:来|去|过)不", "帮不(?:了|上)", "(?:下|起)不了(?:床|地|身)", "爱莫能助", "无能为力", "去不脱", "来弗及", "勿来", "弗来"),
    *("(?:^|[我们俺咱家就也都次在的怕能歉起时天晚还那了])不(?:来|去|过来|过去)(?:了|啦|哈|的)*$",),
)
CANNOT_SOFT = (
    IN_A_CITY,
    "(?<=[了着])(?:不方便|不便)(?:了|啊)?$",
    *("^(?:我们?家?|俺|额|我家里?人?|人|我人|现在|今天|今晚|最近|都|这会儿?|这几天|这两天|这阵子?|这段时间|这周|这个月|目前|刚好|正好|已经|全家|对不起|抱歉|不好意思)*(?:不在|没在)(?:家里?|村里?|家里面|本地|附近|镇上|县里|这边|那边|了|呢|的|啊|呀|屋里|屋头|老家)*$",),
    *("^(?:我?家里?没有?人|我们?|俺|额|我家|人|我人|现在|今天|都|目前|全家|还|正|最近|暂时)*在(?:外地|外面(?:打工|干活|上班|出差|旅游|旅行|吃饭|有事|办事)?|外省|外头|国外|省外|外边(?:打工)?|出差|旅游|旅行|住院|医院(?:里|陪护|上班)?)(?:呢|了|啊|哩|嘞|咧|哦|噢|啦|呀|上班|打工|出差|干活|工作|读书|带孙子)*$",),
    *("^(?:我|现在|正|今天|还)*(?:在)?(?:出差|出远门|去外地|上外地)(?:了|中|呢|在外)*$",),
    *("^(?:我们?|现在|今天|今晚|实在|真的|暂时|这会儿?|对不起|抱歉|不好意思)*(?:没空|没时间|没得空|没有空|没有时间|不得空|没工夫|没功夫|不方便|不便|忙不过来|没办法|没法|不行|不能|不可以|不了|没法子)(?:了|啊|呀|哈|的|呢|出门|过来|过去)*$",),
    rf"^(?:{_ABSENT_WHO})*(?:{_EXCUSES})*(?:{_ABSENT})(?:{_ABSENT}|{_EXCUSES})*+$",
    "^(?:我|俺).{0,4}有(?:点|些|急)?事不在$",
    *("^(?:不|否|不行|没门|不能|不能够|算了|不去|不来|不要|不可)$",),
)
CANNOT_WHOLE = frozenset({"buneng", "bulai", "buqu", "laibuliao", "qubuliao", "qubulao", "bunenglai", "bunengqu", "buzaijia", "meikong", "no", "nope", "cannot", "cant"})
COMING_WHOLE = frozenset(
    {"mashangdao", "mashanglai", "laile", "woqu", "wolai", "jiulai", "zailushang", "guolaile", "guoqule", "mashangguolai", "mashangguoqu", "chufale", "omw", "otw", "yes", "y", "yep", "yeah", "sure", "coming", "onmyway", "onourway"}
    | {"马上", "马上马上", "立马", "立刻", "立即", "即刻", "这就", "能", "能来", "能去", "能到", "可以", "没问题", "路上", "麻上到", "吗上到", "马上道", "马上倒", "马上到到", "莱了", "来勒", "来辣", "得令", "我马来", "onway"}
)
BARE_YES = frozenset(
    {"好", "好的", "好嘞", "好勒", "好咧", "好滴", "好哒", "好啊", "好呀", "好的好的", "好好好", "好好", "行", "行的", "ok", "okay", "okok", "okk", "要的", "haode", "中"}
)
"""Coming from somebody who has not answered yet: nothing from somebody who has. "收到" says no more than that it came."""
ON_SCENE_WHOLE = frozenset({"到", "daole", "yidao", "daochang", "wodaole", "zaixianchang", "已到", "已到达", "已到场", "到场", "到位", "已到位", "here", "arrived", "imhere", "there", "到达现场", "现场", "到达"})

IMPERATIVE = r"^(?:大家|你们?|都|请|麻烦|拜托|就|都)*(?:快|赶紧|赶快|尽快|火速|速|抓紧|马上|立刻|立即|要|得|可以|能)+(?:点)?(?:过来|过去|来|去)(?:个?人|帮忙|看看|救人|救火|吧|啊|呀|一下|看一下|支援)*$"
"""An order to others, unless "马上来" alone: that one is an answer."""
PROMISES = r"^(?:马上|立刻|立即|能|可以|要|得|都)*(?:马上|立刻|立即|能|可以)(?:过来|过去|来|去)(?:看看|看一下|帮忙|支援|啊|呀)*$"

OTHERS_FIRST = (
    r"^(?:他|她|它|他们|她们|你|你们|您|警察|民警|派出所|公安|110|救护车|120|消防车?|119|医生|老人|对方|贼|小偷|歹徒|坏人|保安|物业|村长|书记|主任|车子?(?!.{0,8}(?:来|去|到|过|赶|走)不)|门|电话|"
    r"手机|信号|短信|快递|包裹|外卖|货|谁|没人(?!能)|没有人|有人|大家|别人|狗|人家|那人|那个人|这人|里面|家里(?!(?:有|就|只).{1,8}(?:走不|脱不|抽不|离不|来不|去不))|领导|巡防|志愿者|好多人|已经有人|很多人|(?!我|俺|咱|到|在|正|往|去|来|从|回|已|刚|马上|就|没|不|赶|快|好|能|要|会)[^\W不没在到]{1,3}家(?!门口|伙|具))"
)
OWN_FAMILY_FIRST = rf"^(?:叫|让|喊|派)?(?:我|俺|额)(?:家)?的?{_FAMILY}"
QUESTIONS = (
    r"(?:吗|嘛$|呢$|还是|谁|哪|什么|啥|怎么|怎样|咋|(?<![哥们咱])(?<![叫喊带][了上着])几个|几家|几户|多少|多久|为什么|为何|是不是|有没有|要不要|能不能|可不可以|会不会|到没到|来不来|去不去|行不行|到了没|来了没|"
    r"好了没|了没有?$|没有$|需不需要|需要我|用不用|要我|还用|还需要|还要不要|是否|能否|可否)"
)
ASKS_ENGLISH = r"^(?:who|what|where|when|why|how|which|whose|is|are|was|were|do|does|did|should|shall|can (?:you|he|she|they|anyone|someone)|could|would|will (?:you|he|she|they|anyone)|has|have (?:you|they)|any)\b"
LATER = (
    r"(?:本来|原本|原先|明天|明早|明晚|后天|今晚|晚上|下午|傍晚|中午|上午|下班|放学|周末|下周|改天|以后|回头|有空|晚点|迟点|过几天|到时|"
    r"[\d一二两三四五六七八九十几]+个?多?(?:半)?(?:小时|钟头|天)|\btomorrow\b|\btonight\b|\blater\b|\bhours?\b|\bhrs?\b|\bnext\b|\bafter work\b|\bmonday\b|\bsunday\b)"
)
PAST = r"(?:刚刚?+(?:才)?从.{1,5}(?:过来|回来|出来的?)(?!.{0,3}(?:马上|这就|就|现在|立刻))|昨天|昨晚|昨日|前天|上次|上周|上回|去年|以前|之前|那天|刚才|\byesterday\b|\blast\b|\bago\b)"
LONG_PAST = r"(?:昨天|昨晚|昨日|前天|前几天|上次|上周|上回|上个月|去年|前年|那天|那次|那回|\byesterday\b|\blast (?:time|night|week|month|year)\b)"
"""Tells of another alarm; behind it an answer is of that one, too ("上回也是他家，去了没事"), unless it is of now."""
OF_NOW = r"(?:我|俺|咱|马上|这就|现在|今天|今晚|立刻|立马|立即|正|在路上|赶|出发|出门|这[次回]|分钟|\d|\b(?:i|i'm|we|now|coming|on my way|omw|today|this time)\b)"
REPORTED = r"(?:听说|据说|听讲|说是|他说|她说|他们说|说他|说她|说要|说会|群里|好像|也许|可能|应该|似乎|以为|怕|如果|要是|万一|的话|\bmaybe\b|\bmight\b|\bperhaps\b|\bif\b|\bsaid\b|\bsays\b|\bheard\b)"
NOT_NEGATIONS = (
    r"(?:[\u4e00-\u9fff]{1,2}都没(?:来得及)?[\u4e00-\u9fff]{1,2}就(?!没|不)|不远|不怕|不用怕|没问题|不用急|别急|别怕|不要怕|不要急|别慌|不要慌|不急|别担心|不要担心|不用担心|放心|不客气|没关系|没事的?|不好意思|对不起|对不住|要不|不到(?=[\d一二两三四五六七八九十几])|"
    r"不出(?=[\d一二两三四五六七八九十几])|不说了|不多说|不管|不一会|\bno problem\b|\bno worries\b|\bdon't worry\b|\bdo not worry\b|\bdon't panic\b|\bnot far\b|\bno doubt\b)"
)
NEGATIONS = r"(?:不|没|别|未|无法|勿|莫|弗|甭|\bnot\b|n't\b|\bnever\b|\bno\b|\bnobody\b|\bcannot\b|\bcant\b|\bdont\b|\bwont\b)"
NEGATED_CANNOT = r"(?:不是(?:不|来不|去不|没)|不能不|不得不|不会不|没说不|怎能不|怎么能不|哪能不|不可能不|谁说.{0,3}不|并非不)"

EN_COMING = (
    r"\b(?:i'?m|im|i am|we'?re|we are|me and \w+ are|my (?:husband|wife|son|daughter|brother|dad|father) (?:is|and i are|and me are)|just|already)?\s?(?:already |just |now |all |both |also )*"
    r"(?:coming|on (?:my|our|the|his|her) way|otw|omw|heading (?:over|there|out|to)|leaving (?:now|home|right|the house)|(?:running|rushing|driving|walking|cycling|biking|going|hurrying) (?:over|there|to you)|en route)\b",
    r"\b(?:i|we)(?:'ll|'d| will| can| could| shall| am able to| are able to)? (?:come|be there|be right there|be right over|be over|head over|go there|go over|get there|make it|go now|run over)\b",
    r"^(?:be (?:right |straight )?|right |straight )(?:there|over)(?: (?:in|soon|shortly|asap)\b.*)?$",
    r"^(?:there|over) (?:in|soon|shortly|asap)\b.*$",
    r"\bbe (?:right |straight )?(?:there|over|with you)\b",
    r"^(?:yes|yep|yeah|yup|sure|ok|okay|of course|will do|absolutely|definitely)(?: (?:i|we) (?:can|will|am|do|are))?(?: (?:in|within) \d+ ?(?:m|min|mins|minutes)?)?(?: (?:coming|sir|man|now|please))*$",
    r"^(?:in|within|about|give me) \d+ (?:m|min|mins|minutes?)$",
    r"^(?:there|arriving|be there|arrive) in (?:about )?\d+ ?(?:m|min|mins|minutes?)?$",
    r"^(?:ok |okay |yes )?leaving (?:the house|home)(?: now)?$",
    r"^can (?:come|do|make it)$",
    r"^(?:about |only |just )?\d+ ?(?:m|min|mins|minutes?)(?: away| out| max| tops)?$",
    r"^in \d{1,2}$",
    r"^will (?:come|be there|go|go there)\b",
)
EN_CANNOT = (
    r"^(?:sorry |i'm sorry )?(?:i'?m|i am|we'?re|we are) (?:currently |still |both )?(?:away|travell?ing|on holiday|on vacation|out of (?:the )?(?:country|county|city|village|town|area))(?: (?:now|today|tonight|sorry|this week))*$",
    r"\b(?:can'?t|cannot|can not|couldn'?t|won'?t|wont|will not|unable to|not able to|not going to|not gonna|never) (?:\w+ ){0,2}?(?:come|make it|go|be there|get there|attend|help|leave|join|able|do it|get away|get out)\b",
    r"^(?:sorry |i'm sorry |so sorry |no )*(?:i |we )?(?:can'?t|cannot|can not|won'?t)(?: sorry| now| right now| today| tonight)?$",
    r"(?<!he )(?<!she )(?<!they )(?<!you )(?<!it )\b(?:can'?t|cannot|can not)(?: sorry| now| right now| today| tonight)*$",
    r"\bnot coming\b",
    r"\bi'?m not (?:coming|able|free|available)\b",
    r"^not (?:available|free|able|possible)(?: sorry| now| tonight| today)*$",
    r"^(?:no|nope|nah|negative|sorry no)(?: (?:sorry|thanks|thank you|sir|man|please|not|i|we|can't|cannot|now|tonight|today))*$",
    r"^(?:so )?(?:sorry|apologies)(?: but)? (?:i'?m|we'?re|i am|we are) (?:still |currently )?(?:in|at) \w+(?: \w+){0,2}$",
    r"^no (?:but|i (?:can'?t|cannot|am|'m)|i'?m|we'?re|not|time|car|way(?! in)|chance|can do|transport|ride)\b",
    r"\b(?:i'?m|im|i am|we'?re|we are|am|are)? ?(?:not (?:at )?home|not in (?:town|the village|the area)|out of town|abroad|overseas|far away|too far(?: away)?|away (?:from home|on|until|for)|in (?:the )?hospital)\b",
)
EN_SOFT = r"(?:home|town|village|abroad|overseas|far|away|hospital)"
EN_ON_SCENE = (
    r"\b(?:i|we)(?:'?ve|'m|'re| have| am| are)? ?(?:just |already |now |both |all )*(?:arrived|got here|here|reached|made it)\b(?!(?: back)? (?:home|in|to|work|at (?:work|home|the (?:airport|station|office)))\b)",
    r"^(?:just |now |already |have |finally |all )*(?:arrived|here|got here|reached|there)(?: (?:now|already|safely))*$",
    r"\b(?:at|on|outside|inside|in front of) (?:the |his |her |their |your )?(?:scene|door|gate|spot|place|front door)\b",
    r"\b(?:i'?m|im|i am|we'?re|we are) (?:now |already |just )*(?:at|outside|inside|in) (?:the |his |her |their |your )(?:house|home|yard|door|gate|place|garden)\b",
    r"^(?:at|outside|inside) (?:the |his |her |their |your )(?:house|home|yard|door|gate|place)(?: now| already)*$",
    r"\b(?:i'?m|im|i am|we'?re|we are) (?:now |already |just )*there(?: now| already)*$",
)
EN_OWN = (
    r"^(?:(?:yes|yep|yeah|yup|ok|okay|k|sure|sorry|hi|hello|hey|wait|hold on|hang on|hang in there|of course|alright|all right|right|got it|roger|copy|please|well|and|so|oh|no worries|fine|good|1|3|one|three|reply|"
    r"(?:me and|my wife and|my husband and|my son and|\w+ and) (?=i\b))\s)*"
    r"(?:i|i'm|im|i'll|ill|i'd|i've|ive|m|we|we're|we'll|we've|me|us|my (?:husband|wife|son|daughter|brother|dad|father)|both|all|coming|on|omw|otw|heading|leaving|going|running|rushing|driving|walking|cycling|biking|hurrying|"
    r"be|will|can|could|right|just|already|there|here|over|straight|arrived|arriving|arrive|at|outside|inside|got|in|within|about|only|give|reached|finally|now|yes|yep|yeah|yup|sure|ok|okay|absolutely|definitely|en route|\d+(?:m|mins?|minutes?)?)\b"
)
"""How a clause begins that says what its writer does; anything else is about somebody else, or in doubt."""
EN_ELSEWHERE = r"\b(?:to|from|for) (?!you|u\b|your|his|her|their|him|them|help|there|see|check|look|assist|be\b|it\b|the (?:house|scene|place|fire|home|spot|door|site|family|family's)|\w+'s|wang|li\b|chen|zhang)"
"""A way that leads elsewhere."""
EN_OTHERS = (
    r"\b(?:your|the|our|a) \w+(?:'s| is| are| has| have| was| will| just)\b|\bcoming soon\b|\bhere for\b|"
    r"\b(?:way|coming|heading|going|driving|arrived|here|there|walking|running|rushing)(?: back)? (?:home|from|(?:to|at|in) (?:the |a )?(?:airport|station|work|office|school|hospital|market|mall|shops?|town|city|cinemas?|church|gym|bank|doctor|bus|train|hotel|my|our)\b)|"
    r"\b(?:he|she|they|police|cops|ambulance|firemen|fire (?:brigade|engine|truck)|someone|somebody|anyone|anybody|nobody|everyone|no one|you|it|parcel|package|delivery|order|"
    r"doctor|help|thief|man|men|guy|storm|typhoon|bus|taxi)(?:'s|'re|'ll)? (?:is |are |has |have |will |just |already |not |be )*(?:coming|on|arrived|here|there|heading|come|going|outside|inside|at|reached)|"
    r"\b(?:thanks?|thank you) for\b|\bcoming (?:home|back|from)\b|\bcome to (?:my|our)\b|\bplease come\b|^come\b|\bcoming to (?:my|our)\b|\bcall (?:me )?when\b"
)

WHO_QUESTION = (
    r"(?:谁(?:会|要|能|在|已经?|都)?(?:来|去|到|过来|过去|在)|有人(?:来|去|到|过来|过去|在).{0,4}(?:吗|没|么|\?)|来了?(?:几|多少)|(?:几|多少)(?:个|户)?(?:人|家|户)?.{0,3}(?:来|去|到)|"
    r"(?:有没有|有无)人.{0,3}(?:来|去|到|在)|到了?(?:几|多少)|人(?:呢|来了吗|到了吗|来了没|到了没|到哪)|(?:邻居|大家|他们|你们|村里).{0,3}(?:来|到|出发)了?(?:吗|没)|来人了吗|"
    r"怎么还(?:没|不)(?:人)?(?:来|到)|还没人来|多久(?:能|会)?(?:来|到)|什么时候(?:能)?(?:来|到)|到哪(?:了|里)|(?:^|[,，。 人们家居])(?:都)?(?:来|到)了没有|(?:来没来|到没到)人|现场有(?:几|多少|谁)|"
    r"\bwho(?:'s| is| are|'ll| will)? (?:\w+ )?(?:come|coming|there|here|on)|\b(?:is|are) (?:anyone|anybody|someone|somebody|they|you)\b.{0,10}(?:coming|there|on|here)|\bhow (?:many|long|soon)\b|\bwho else\b|\banyone (?:else|coming|there)\b)"
)
ELSEWHERE = r"我.{0,4}在(?:上班|加班|外地|外面|县|市|厂|单位|公司|学校|老家|城|出差|外省)"
"""Beside "there" the two contradict each other."""
NOT_OF_THE_PLACE = (
    r"(?:贼|小偷|坏人|歹徒|人|他们?|她|车|狗|蛇).{0,3}(?:往|跑|逃|去|躲|藏).{0,3}哪(?:里|儿|边|个方向|了)?|"
    r"(?:钥匙|灭火器|水管|水龙头|水源|消防栓|电闸|总闸|开关|阀门|梯子|绳子|药箱?|手电筒?|工具|铁锹|孩子|老人|狗).{0,4}哪(?:里|儿|边|个)?"
)
"""Asks for somebody or something else than the house."""
WHERE_QUESTION = (
    r"(?:在哪(?=\W|呢|啊|呀|$)|在?哪(?:里|儿|家|户|边|块|个位置|个地方)|什么地方|什么位置|啥地方|地址|谁家|谁(?:在)?(?:求助|喊|叫|报警|出事|家)|怎么(?:走|去|过去)|门牌|几(?:组|号|幢|栋)|具体(?:位置|在)|位置(?:呢|在)|"
    r"什么事|啥事|怎么回事|什么情况|啥情况|发生(?:了)?(?:什么|啥)|出(?:了)?(?:什么|啥)事|怎么了|咋了|咋回事|干什么|干嘛|是谁|哪位|谁啊|谁呀|"
    r"\bwhere\b|\baddress\b|\bwhich (?:house|home|door|family|one)\b|\bwhat(?:'s| is)? (?:happen|going|wrong|the matter|up)|\bwhat happened\b|\bwhose\b|\bwho is (?:this|it)\b|\bwho needs\b)"
)

ALL_OVER_WHOLE = frozenset({"解除", "已解除", "结束", "结束了", "已结束", "解除警报", "警报解除", "解除了", "都结束了", "事情解决了", "已经解决", "解决了", "已解决", "没事了", "0", "回复0", "按0", "allclear", "itsover", "over"})
"""From a leader."""
