"""Words of danger, and the words that turn them off. Patterns over folded clauses, a table a category.

A call asks for help (报警, 救护车); an event has happened (着火). Only an event in one's own house, or a cry, makes a
helper somebody in need.
"""

from __future__ import annotations

# fmt: off
from joint_defense.rules.triggers import Category

_KIN = (
    "(?:妈妈?|爸爸?|爷爷?|奶奶?|外公|外婆|姥姥|姥爷|阿公|阿婆|公公|婆婆|老公|老婆|老头|老伴|媳妇|丈夫|妻子|爱人|娘|爹|父亲|母亲|"
    "儿子?|女儿|囡囡?|孩子|小孩|娃娃?|宝宝?|孙子|孙女|孙|哥哥?|姐姐?|弟弟?|妹妹?|叔叔?|伯伯?|婶婶?|阿姨|丈母娘?|丈人|岳父|岳母|"
    "老爷子|老太太|老太婆|老奶奶|老大爷|大爷|大妈|伢|男人|当家的|婆娘|堂客|那口子|阿爸|阿妈|阿爹|阿娘|阿嬷|阿奶|阿爷|老汉|老母|老豆|侄子|侄女|外甥|外孙|亲家|老娘|老爹|老妈|老爸|邻居|同事|工友|家人|家里人)"
)
KIN = _KIN
_PERSON = f"(?:我|俺|他|她|老人|人|{_KIN})"

# Something has happened. The first category with a hit wins: the order is that of what cannot wait.
EVENTS: dict[Category, tuple[str, ...]] = {
    Category.FIRE: (
        *("着火", "着了火", "起火", "失火", "火灾", "走火了", "走水了", "大火", "火很大", "火好大", "火太大", "火势", "火光", "火苗", "好大的?(?:烟|火)", "(?:都|全|满)(?:是|屋)(?:的)?烟"),
        *("(?:火|也|又|都|全|家|屋|房|子|车|棚|垛|堆|被|裳|服|^)着起来", "烧起来", "烧着了", "烧了起来", "在烧", "烧房", "房子烧", "屋子烧", "烧到", "冒烟", "浓烟", "黑烟", "冒火", "起烟", "烟(?:很|好|太)大", "(?:我|俺)们?家.{0,4}着了", "(?:罐|灶|车|房子?|屋子?|棚|柴|柴火堆?|柴堆|草堆|垃圾堆|木头|窗帘|衣服|沙发|草垛|山上?|树林|厨房|被子|电线|床)着了"),
        *("爆炸(?!头|性|式|新闻|力|糖)", "(?<!气)炸了(?!锅|鸡|毛)", "煤气.{0,4}漏", "漏煤气", "漏气", "燃气.{0,4}漏", "液化气.{0,4}漏", "(?:煤气|燃气|液化气).{0,8}味", "天然气.{0,4}漏"),
        *("火又.{0,2}(?:着|烧|大|起)", "火(?:烧|蹿|窜)(?:到|上|起|过)", "油锅.{0,3}(?:着|烧|起火)", "冒火星", "烧(?:没|光|穿)了", "煤气.{0,3}泄", "燃气.{0,3}泄", "电线.{0,4}(?:烧|冒)", "电瓶车.{0,4}(?:烧|着|炸)", "灶.{0,3}(?:烧|着)了", "zhaohuo"),
        *(r"\bfire\b", r"\bburning\b", r"\bsmoke\b", r"\bon fire\b", r"\bexplo(?:sion|ded|ding)\b", r"\bgas leak", r"\bflames?\b"),
        *(r"\bsmell (?:of )?gas\b", r"\bleaking gas\b"),
    ),
    Category.MEDICAL: (
        *("摔倒", "摔伤", "摔了", "摔下", "摔断", "摔得", "摔跤", "摔晕", "摔出血", "跌倒", "跌了", "跌下", "跌伤", "跌跤", "滑倒", "绊倒"),
        *("晕倒", "晕过去", "晕死", "晕了", "昏倒", "昏迷", "昏过去", "昏死", "不省人事", "叫不醒", "喊不醒", "叫不应", "没反应", "没知觉", "发抽", "抽风", "抽过去"),
        *("没呼吸", "没气了", "不喘气", "没喘气", "不会喘气", "没(?:有)?心跳", "心跳停", "没脉搏", "没有呼吸", "断气", "喘不过气", "透不过气", "喘不上", "上不来气", "呼吸困难", "不能呼吸", "没法呼吸", "无法呼吸"),
        *("心脏病", "心脏.{0,4}(?:痛|疼|不舒服|难受|停)", "心梗", "心绞痛", "心肌梗", "心口.{0,3}(?:痛|疼)", "胸口.{0,4}(?:痛|疼|闷)", "胸.{0,2}(?:痛|疼)"),
        *("中风", "脑梗", "脑溢血", "脑出血", "偏瘫", "半身不遂", "嘴歪", "抽搐", "抽筋抽", "癫痫", "羊癫", "口吐白沫", "吐白沫"),
        *("血流", f"(?:人|{_KIN}).{{0,8}}(?:掉|摔|滚|坠|跳|跌)(?:了)?下(?:去|来|楼|坎|坡)", "坠楼", f"{_PERSON}(?:(?![没未]).){{0,4}}(?:突然|一下子?|就)?倒了(?!解|霉|垃圾|水|茶|酒|杯|些|一杯|下来的)", "流血", "出血", "吐血", "便血", "好多血", "全是血", "血止不住", "受伤", "受重伤", "骨折", "(?:腿|手|腰|脚|骨头)断了", "烫伤", "烧伤"),
        *("溺水", "落水", "掉水", "(?:掉|落|摔|跌|滚|滑|栽|踩)(?:进|到|入|下|在)?(?:了)?(?:河|水里|水中|水塘|水库|井|池|塘|沟|粪|坑|江|海|洞|窖|悬崖|山崖|楼下|地窖|茅坑)"),
        *("淹死", "快淹", "沉下去", "触电", "被电", "电到", "电倒", "电晕", "煤气中毒", "食物中毒", "(?<!电脑)(?<!手机)中毒", "误食", "吃错药"),
        *("喝(?:了)?(?:农药|敌敌畏|百草枯|毒药|除草剂|洁厕)", "吃(?:了)?(?:老鼠药|耗子药|安眠药|毒药|农药)", "服毒", "自杀", "不想活(?!动|跃|成|得)", "活不下去", r"\bkill (?:my|him|her)self\b", r"\bwant to die\b", "轻生", "寻短见"),
        *("上吊", "割腕", "跳楼", "跳河", "跳井", "想不开", "难产", "羊水破", "早产", "(?:老婆|媳妇|女儿|我|她|产妇).{0,4}要生了"),
        *("急病", "发病", "病危", "病倒", "犯病", "噎住", "噎着", "卡(?:住|到|在|了)?(?:喉|嗓|气管)", "呛住", "窒息", "过敏性?休克", "休克"),
        *("(?:扎|戳|插|夹|切|割|划)(?:到|伤|破|断|进).{0,3}(?:手|脚|腿|眼|肚|胸|头|喉)?", "手指.{0,2}(?:断|切)", "动弹不得", "吞(?:了|下|进).{0,3}(?:电池|硬币|钉|药|异物|磁)", "(?:被|让).{0,2}雷(?:劈|击)", "雷(?:劈|击)(?:了|到|中|倒)", "毒死", "憋(?:死|不住气)", "喘不(?:动|过来)", "(?:被|给).{0,3}(?:熏|呛)(?:晕|倒)", "撞(?:倒|死|伤|飞|到人|人|了人)", "被.{0,3}车?撞", "车祸", "出车祸", "翻车", "撞车", "轧(?:到|了|伤)", "压(?:到|住)(?:人|腿|手|了)"),
        *("蛇咬", "狗咬", "被.{0,4}咬", "咬伤", "蜂蜇", "马蜂", "被蜇", "砸伤", "砸到", "刺伤", "割伤", "电锯", "绞(?:进|住|到)"),
        *(f"{_PERSON}(?:(?![没未]).){{0,4}}(?:快)?不行了", f"{_PERSON}(?:(?![没未]).){{0,4}}快?(?:要|快)死了", "(?:快|要)死了", "死人了", "倒(?:在|下|地)", "栽倒", "瘫(?:在|倒|了)", "一动不动", "(?:躺|倒|趴|瘫).{0,6}(?:不会动|不动|没动静|没声音)", "不会动了", "翻白眼", "脸.{0,3}(?:发)?(?:紫|青|白)了?$", "头破(?:血流|了)", "(?:磕|摔|砸|打)破(?:了)?头", "大出血", "(?:躺|摔|倒).{0,6}起不来"),
        *("起不来.{0,4}(?:地|摔|倒)", "动不了了", "发高烧.{0,4}抽", "高烧不退", "肚子.{0,4}(?:痛|疼)(?:死|得|厉害)", "疼得(?:打滚|受不了)"),
        *("急性", "阑尾炎", "低血糖", "说不出话", "半边.{0,3}(?:麻|不能动)"),
        *(r"\bfell\b", r"\bfallen\b", r"\bfall(?:ing)? down\b", r"\binjur(?:ed|y)\b", r"\bhurt\b", r"\bbleeding\b", r"\bblood\b", r"\bunconscious\b"),
        *(r"\bpassed out\b", r"\bfainted\b", r"\bcollapsed\b", r"\bheart attack\b", r"\bstroke\b", r"\bchok(?:ing|ed)\b", r"\bdrown(?:ing|ed)?\b"),
        *(r"\b(?:can't|cannot|cant|not|can not|couldn't|hard to|isn't) breath(?:e|ing)\b", r"\bpoison(?:ed|ing)?\b", r"\boverdose", r"\bseizure\b", r"\bsuicide\b"),
        r"\b(?:mum|mom|mother|dad|father|wife|husband|grand\w+|son|daughter|man|woman|lady|he|she|person|neighbou?r)(?: is|'s|s)? (?:just |still )?(?:lying |laying |lies )?(?:down )?on the (?:floor|ground)\b(?!.{0,12}\b(?:play|sleep|sitting|reading))",
        *(r"\bchest pain", r"\belectrocuted\b", r"\bbroke(?:n)? (?:my|his|her|a|the)? ?(?:leg|arm|hip|bone|back)", r"\bsnake ?bite", r"\bin labou?r\b"),
        *(r"\b(?:car|traffic|bad) (?:crash|accident)\b", r"\bhit by\b", r"\b(?:won'?t|isn'?t|can'?t|doesn'?t|not) (?:wak(?:e|ing)|respond(?:ing)?|mov(?:e|ing))\b", r"\b(?:can'?t|cannot) get up\b", r"\bdying\b"),
    ),
    Category.BURGLARY: (
        *("小偷", "偷东西", "被偷", "偷(?:了)?我(?!也|不|没|都|看)", "偷(?:车|牛|羊|鸡|鸭|鱼|狗|钱|电瓶)", "有贼", "(?:进|来|遭|招|闹)(?:过|了)贼", "进贼", "来贼", "遭贼", "招贼", "闹贼", "盗贼", "盗窃"),
        *("抓贼", "捉贼", "抓小偷", "贼(?:又|还|都)?(?:在|进|来|跑|偷|翻|撬|往)", "入室", "入屋", "抢劫", "抢东西", "抢钱", "抢(?:了)?我", "被抢(?!光|购|完|空|走(?:先|光)|票|注|红包|了个?先)", "抢包", "劫匪", "打劫"),
        *("强盗", "歹徒", "坏人", "匪徒", "遭(?:了)?(?:抢|偷|劫)", "(?:家|门|窗|店|屋|房|锁|车)(?:门)?(?:里)?(?:也|又|都|刚|刚刚)?(?:被|让|给)(?:人)?(?:撬|砸|翻|踹|偷|抢)", "撬.{0,4}(?:门|锁|窗|保险|车库|仓库|柜|抽屉|店|屋|棚|库房|三轮|电瓶|(?:我|俺)们?家)", "(?:门|锁|窗).{0,3}撬", "砸.{0,3}(?:门|窗|玻璃|店|车)", "踹.{0,3}门", "踢.{0,3}门", "(?:翻|溜|摸|跳|钻|爬|闯|撬)进", "(?:墙外|墙上|墙头|屋后|窗边|屋檐|阁楼|地窖|床底|衣柜里?).{0,3}有(?:个|几个|两个)?(?:陌生)?人(?!吗|没)", "黑影", "蒙面", "堵(?:在|着)?(?:我家?)?门", "(?:拿|提|举|挥|带)着?.{0,3}(?:斧|砍刀|铁棍|锤|棍棒|木棒|铁锹|菜刀)", "追(?:着)?(?:我|砍|打)", "掐(?:我|住|脖)", "把.{1,4}(?:绑|捆)", "翻墙", "翻.{0,2}窗"),
        *("爬.{0,3}(?:窗|墙|进|阳台)", "行凶", "持刀", "(?:有|拿|带)(?:着)?(?:一把)?(?:刀|枪|凶器|棍)", "拿着?.{0,4}刀", "砍(?:人|我|伤|了)", "捅(?:人|我|了|伤)"),
        *("杀人", "要杀", "打人", "(?:有人|他|她|他们|老公|丈夫|男人|邻居|又|在|要|来)打我(?!电话|手机|的|家电话|微信|号|这)", "被.{0,4}打(?!电话|扰|断|动|开|折|败|了鸡血)", "打死(?=我|人|他|她|你|孩|老|了?$|了?人|啦)", "打伤", "挨打"),
        *(rf"(?:{_KIN}|前夫|前妻|酒鬼|醉汉)(?:喝醉了?|又|在|要|正在|正|老|发疯)*打(?:我|他|她|人|(?:我)?{_KIN})(?!电话|手机|的|家|微信|号|这|针|牌|球|招呼|车|卡|分|字|过电|了?.{{0,3}}电话)", rf"(?:{_KIN}|前夫|前妻|他|她|酒鬼|醉汉|有人|男的)(?:喝醉了?|又|发疯)*在.{{0,3}}(?:砸|摔)(?:东西|家具?|碗|桌)", "(?:屋|家|房|房间|院|店|床底|柜子?)(?:子)?(?:里|下)?有(?:一|几|两|个)*(?:男人|男的|陌生|生人)", "有(?:一|几|两|个)+(?:男人|男的|陌生人|生人|人)(?:躲|藏|站)?在(?:我|俺)(?:家|屋|房|床|院|店)", "^(?:我|俺)?(?:的)?(?:屋|房)(?:子|间)?里有(?:个)?人(?:进来)?$", "打老人", "打孩子", "打老婆", "家暴", "绑架", "劫持", "拐(?:走|卖|孩子|了)", "抢孩子", "偷孩子", "跟踪", "尾随", "被.{1,6}(?:堵|关|锁|围|绑|捆)(?:在|住|进)", "有人.{0,10}(?:转来转去|走来走去|走动|鬼鬼祟祟|晃来晃去|东张西望|偷看|照(?:我|窗)|盯着(?:我|窗))", "非礼", "强奸", "猥亵", "流氓"),
        *("耍流氓", "陌生(?:人|男).{0,6}(?:进|闯|在我|敲|翻|站|躲)", "不认识的人.{0,6}(?:进|闯|在|敲|翻|撬)", "(?:不认识|不认得|没见过|陌生)的?(?:男|女|家伙|小伙).{0,8}(?:闯|撬|翻墙|爬|躲|在(?:我|俺|家|屋|院|楼|门|窗|床|敲|撬|翻))", "有人.{0,4}(?:闯|翻|爬|撬|砸|踹|偷|抢|躲|潜)"),
        *("有人.{0,3}(?:进|在)(?:了|到)?(?:我|俺|屋|房|院|楼上|家|店|仓)", "有人进(?:屋|门|来|院|房|家)", "闯(?:进|入)", "入侵", "家里(?:进人|进了人)", "(?:阳台|后院|窗外|窗口|窗户外|屋顶|楼顶|房顶|院子里?|门外|柴房|车库|仓库)上?.{0,3}有(?:个|一个|几个|两个)?(?:人|黑影)(?!吗|没)", "(?:家里?|屋里?|院子?里?|房间里?|楼上).{0,3}陌生(?:人|男)"),
        *("(?:敲|拍|撞).{0,2}门.{0,6}(?:不走|害怕|不停|不敢)", "催债", "讨债.{0,6}(?:打|砸|堵|闹)", "闹事", "(?:爆炸|恐吓|威胁)(?:我|要)"),
        *(r"\bthie(?:f|ves)\b", r"\bburglar(?:s|y|ies)?\b", r"\brobb(?:er|ers|ery|ed|ing)\b", r"\bintruders?\b", r"\bbr(?:eak|oke|eaking|oken) in(?:to)?\b"),
        *(r"\b(?:someone|somebody|a man|men|people|stranger|strangers|they|he) (?:is|are|'s|has|have|got|just)?\s?(?:in|inside|into|entered|broke|trying to get in|at the window)\b.{0,14}(?:my|our|the|house|home|yard|garden|room|window)?",),
        *(r"\b(?:someone|somebody|a man|men|they) (?:is|are) (?:climbing|coming in|getting in|banging|kicking)", r"\bsomeone's (?:in|inside|at|trying)\b", r"\bin(?:side)? my (?:house|home|yard|room)\b", r"\battack(?:ed|ing|er)?\b", r"\b(?:hitting|beating|beats|beat|hits|stabbed|shot) (?:me|my|her|him)\b"),
        r"\b(?:they|he|she|someone|somebody|man|men|people|guys?|thieves|strangers?)(?:'re|'s| is| are)? (?:also |now |still |all |just |trying to )*(?:break|kick|smash|bash|forc|pry)(?:e|ing)?(?: down| in| open| through)? (?:my|our|the) (?:(?:front|back) )?(?:door|window|lock|gate)s?\b",
        *(r"\b(?:someone|somebody|a man|men|a stranger|strangers)(?:'?s| is| are)? (?:downstairs|upstairs|outside my|in the (?:house|yard|kitchen|attic|basement|garden)|at my (?:door|window))\b", r"\bknife\b", r"\bgun\b", r"\bstabb(?:ed|ing)\b", r"\brap(?:e|ed|ist)\b", r"\bkidnap", r"\bmurder", r"\bstealing\b", r"\bstole\b", r"\bstolen\b"),
    ),
    Category.OTHER: (
        *("打架", "打起来", "打群架", "械斗", "走失", "失踪", "走丢", "(?:孩子|小孩|老人|宝宝|女儿|儿子|娃|妈妈?|爸爸?|爷爷|奶奶|人|老头|老太).{0,4}(?:不见|丢)了(?!一|只|个|鞋|书|手机|钱|东西|件|把)"),
        *("被困", "困在", "困住", "反锁", "(?:人|孩子|小孩|我|老人|宝宝|娃).{0,4}(?:锁|关)(?:在|进)", "电梯.{0,6}(?:停了?.{0,3}(?:人|我)|卡(?:住|人|了)|困|出不来)", "(?:困|关|卡|锁).{0,3}电梯", "塌了", "塌下", "倒塌", "坍塌"),
        *("水.{0,2}(?:漫|涌|灌|冲|涨)(?:进|到|上)", "漫(?:进|上|到)", "山洪", "大水(?:来|冲|进)", "塌方", r"(?:害|很|好|真|太)怕(?:死了|啊|得很)?$", "脚步声", "墙倒", "房倒", "发大水", "洪水", "进水了", "水淹", "被淹", "淹(?:了|进|到)", "决堤", "泥石流", "山体滑坡", "滑坡了", "毒蛇", "有蛇", "蛇进"),
        *("野猪", "疯狗", "恶狗", "电线(?:断|掉|落)", "漏电", "出事", "出人命", "要出人命", "出大事"),
        *(r"\btrapped\b", r"\blocked (?:in|inside)\b", r"\bstuck in\b", r"\bmissing (?:child|kid|person|girl|boy|mother|father)\b", r"\bcollaps(?:e|ing)\b"),
        *(r"\bflood(?:ed|ing)?\b", r"\bfight(?:ing)?\b", r"\bsnake\b", r"\blost (?:child|kid|my (?:son|daughter|child|mother|father))\b"),
    ),
}

# Somebody is to come, to extinguish, to be told.
CALLS: dict[Category, tuple[str, ...]] = {
    Category.FIRE: ("火警", "救火(?!队|车|员|器|英雄|的)", "灭火(?!器|毯|筒|设备|栓)", "消防车", "打119", "拨119"),
    Category.MEDICAL: ("救护车", "急救(?!知识|培训|员|包|箱|药|课|队|站|证)", "打120", "拨120", "送医院", r"\bambulance\b", r"\bparamedic"),
    Category.UNSPECIFIED: (
        *(r"^1(?:10|19|20)(?:快|来|救)", "报警(?!器|柱|系统|装置|灯)", "报个警", "打110", "拨110", "求救", "求助(?!贴|帖|热线|电话|信息|平台|中心|人|台)", "求援", "救人", "紧急", "危险", "十万火急", "求求"),
        *(r"\bhelp\b", r"\bemergency\b", r"\bcall (?:the )?(?:police|911|110|999|cops)\b", r"\bpolice\b", r"\burgent\b", r"\bdanger(?:ous)?\b"),
    ),
}
WEAK_CALLS = "|".join(
    (
        *("紧急(?!求助|救援|求救|情况|呼叫|!|啊)", "危险(?!啊|了|!)", "救人(?!啊|呀|了|!)", "求求", r"\burgent\b", r"\bdanger(?:ous)?\b", r"\bpolice\b"),
        *(r"\bemergency (?:contact|number|phone|exit|drill|kit|room)", "求助(?:电话|热线|帖|信息|人)", r"\bhelp\b", r"\bemergency\b", "急救(?:箱|包|员|证|知识|培训|电话|药)", "消防车", "救护车", "送医院"),
    )
)
"""Calls that raise nothing as part of a longer sentence: the whole clause must be little more."""

# Only somebody in need says so.
CRIES = (
    *("救命(?!恩|之|药|稻草|钱)", "(?<!抢)救我", "救救", "求救", "快来人", "来人啊", "来人呀", "来人哪", "来人呐", "快点?来个?人", "求求?(?:你们?|大家|您).{0,4}(?:来|救|帮)", r"^(?:来人)+$", "^快(?:点)?(?:来)?(?:个人)?帮忙(?:啊|呀|了)*$", "sos", "jiuming"),
    *(r"^(?:我们?|俺|我家|我这(?:里|边|儿)?|这里|这边)?(?:真的|很|急|紧急|现在|马上|急切|也|都|同样|这边)*(?:急?需要?|要)(?:你们?|大家|人|有人|谁|别人)?(?:来)?的?(?:帮助|帮忙|救援|救助|支援|救)(?:啊|了|呀)?$", "^(?:快|请|求|谁来|谁能|谁|能不能|可以|大家|能|来人|你们|麻烦)*(?:帮帮|帮助)(?:我|我们|忙|俺|咱)(?:一下|吧|啊|呀|吗|家|呗|们)*$",),
    *("出人命", "杀人了", "救救(?:我|孩子|他|她|人)", r"\bmayday\b", r"^(?:please |pls |plz |somebody |someone |anyone )*help(?: ?me| ?us)*(?: ?please| ?pls| ?now| ?quick(?:ly)?| ?asap| help)*$"),
    *(r"\b(?:help|save|rescue) (?:me|us|my)\b(?! (?:to )?(?:with|fill|move|book|buy|carry|sell|choose|check|change|update|log|sign|set|understand|register|install|fix|write|read|translate|plan|decide|pay|download|reset|cook|learn|edit|remove|add|delete|print|find (?!(?:my |our )?(?:(?:little |old )?(?:son|daughter|mum|mom|mother|dad|father|wife|husband|child|children|kids?|baby|grand\w*|brother|sister|boy|girl)|him|her|them)\b)|(?:my )?(?:account|number|password|phone|homework))\b)", r"\bplease help\b(?! (?:me |us )?(?:to )?(?:with|change|update|log|sign|set|understand|register|install|fix|fill|reset|find (?:a|an)|choose|move|check)\b)", r"\bsend help\b", r"\bneed (?:some )?help\b(?! (?:with (?:my (?:account|number|phone|password|homework|computer)|wifi|the (?:form|app|account|menu|list|computer))|understanding|changing|registering|moving|choosing|finding|logging|updating|setting|filling|reading)\b)", r"\bhelp needed\b(?! (?:at|with|for|on) (?:the |our )?(?:church|school|fair|sale|party|market|event|harvest|wedding|festival|meeting)\b)"),
)

# The whole text, without blanks and punctuation.
EXACT: dict[str, Category] = {
    **dict.fromkeys(("火", "火火火", "失火", "fire"), Category.FIRE),
    **dict.fromkeys(("119",), Category.FIRE),
    **dict.fromkeys(("120",), Category.MEDICAL),
    **dict.fromkeys(("贼", "有贼", "抓贼", "捉贼"), Category.BURGLARY),
    **dict.fromkeys(("110", "911", "报警", "报警啊", "紧急", "危险", "警", "baojing", "帮忙快", "快帮忙", "帮忙啊快", "快来帮忙快"), Category.UNSPECIFIED),
}

# A 9 with nothing but keys, or a verb, beside it.
BARE_NINE = r"我?(?:回复|回|按了?|请按|我按|发|拨|press|reply|dial)?(?:[#*]|井号?键?|井字键?|pound)*(?:9|九|nine)(?:号?键|#|\*|9|九|井号?键?)*+了?"
"""The whole of a squeezed text, once or more."""
NINE_AND_WORDS = r"^\s*[#*]*9[9#*]*(?:[,，。.!！;；:：、\s~\-—…]+|(?=[快救来急有我家着火]))(?!\d)(?P<rest>[\s\S]*)$"
"""A 9, then words of its own."""
NOT_NINE = (
    r"^\s*9\s*(?:[:：.．/／\-—]\s*\d|点|时|月|日|号(?!键)|组|户|人|个|块|元|楼|层|岁|折|年|天|小时|分|秒|斤|米|路|队|村|栋|幢|单元|室|"
    r"am|pm|o'clock|hours?|days?|people|percent|%)"
)

EXCLAIMS = r"^(?:(?:有没有人(?!受|伤|被|烧|死|晕|摔|出事|中毒|报|打|困)|有人在?吗|怎么办|天[哪啊呐]|我的天|妈呀|不好了|完了|糟了|坏了|快{2,6}+)[啊呀]{0,3}+){1,3}(?=.)"
"""Cried out ahead; its question asks nothing about what follows: "有没有人啊着火了"."""
NINE_AS_NUMBER = r"^\D*9\s*[./:：．/\-]\s*9\D*$"
"""A day, a time or a price, not the key twice: "9/9"."""
OF_LITTLE_WEIGHT = r"(?:怎么(?!办)|谁(?:会|有|家|认识|知道)|哪(?:里|儿|家|有)|有没有(?!人)|多少钱|借|如何)"
"""Asked right behind a bare call for help, that call is no more than a way to ask: "求助，怎么做红烧肉"."""
# Right before a word of danger it turns it off.
NEGATED = (
    r"(?:没有?|并没有?|没人|没有人|无人|不是|并不是|不用|不要|不需要|不必|无需|别|无|未|并未|并非|不|勿|甭|哪有|哪里有|也没|又没|不算|不存在|"
    r"停止|取消)(?:再|有|被|人|发生|什么|啥|真的?|叫|打|去|来|谁|出现|必要|其他|大|任何|看见|看到|发现|听到|听说|见到|见|过|是|事|"
    r"我家|我|他家|家里|那边|这边|这里|怎么|电话|得|用|乱|给我|帮我|担心|怕)*$"
)
NEGATED_ENGLISH = (
    r"(?:\bnot|\bno|n't|\bnever|\bwithout|\bnobody(?: is| was)?|\bno one(?: is| was)?|\bno more|\bisn't|\bcancel(?: the)?)"
    r"(?: (?:a|an|any|the|really|real|been|get|got|need|needed|need any|is|was|my|your|so))*\s*$"
)
FALSE_NOTS = ("不小心", "不得了", "不好了", "不好啦", "不知道", "不知", "不断", "不停", "不会游泳", "不能动", "控制不住", "止不住", "受不了", "不行",
    # What the writer cannot do, which is why they write: "我听不见 家里着火了". Only where another word follows it.
    "(?:我|俺|耳朵|耳聋|人|现在)*(?:听|说|讲|接|打)不(?:见|到|清|了|出|通)(?:电话|话|声音?)?(?:了)?(?=我|俺|家|屋|房|隔壁|邻居|厨房|灶|有人|有贼|进贼|老|孩子|小孩|爸|妈|爷|奶)",
    "(?:不会|不能|没法|没办法|不方便|不敢)(?:说话|讲话|打电话|接电话|出声|大声)(?:了)?", "没(?:有)?(?:电话|手机|话费|信号)(?:了)?(?=我|俺|家|屋)")
"""Hold a negation and negate nothing; taken out before the look."""

ASKED_AFTER = (
    r"(?:吗|么|嘛|没有?$|不$|呢|还是|是不是|是否|有没有|要不要|该不该|能不能打|谁家|哪家|哪里|哪儿|哪边|在哪|哪年|哪次|什么时候|为什么|多少|几点|"
    r"哪天|真的假的|真的\?|真假|怎么(?!办|没|不|这么)|如何|怎样|应该|需不需要)"
)
"""In a clause it makes a question of what is said about danger, unless it is about one's own house."""
ASKED_ENGLISH = r"^(?:is|are|was|were|do|does|did|what|where|who|whose|when|how|why|which|should|any)\b"

REPORTED = (
    r"(?:听说|据说|听讲|有人说|人家说|他们说|她说|他说|都说|群里说|新闻|电视|网上|抖音|视频|报道|报纸|传言|据悉|说是|讲是|喊救|听到|听见|"
    r"看见|看到|看得到|闻到|闻得到|以为|好像|似乎|可能|估计|怀疑|\bheard\b|\bthey say\b|\bsaid\b|\bthought\b|\bmaybe\b|\bperhaps\b|\bmight be\b)"
)
"""Told by others, or a guess. Turns off what a helper says about the open alarm, not what somebody at rest sees."""
SECOND_HAND = r"(?:听说|据说|听讲|新闻|电视|网上|抖音|视频里|报道|报纸|传言|据悉|梦见|梦到|做梦|噩梦|\bdream(?:t|ed)?\b|以为|\bthought (?:it|there)\b|电影|小说|朋友圈|谣言|谣传|隔壁村|邻村|外村|别的村|其他村|别村|外县|邻县|邻镇|隔壁镇|\bon the news\b|\bon tv\b|\bheard (?:that|there)\b|\bmovie\b)"
INFORMATION = r"哪(?:个|家|里|儿|边).{0,4}(?:医院|科|医生|诊所|药|看得?好|修|买|卖|领|报)|多少钱|怎么(?:报|赔|申请|办理|领)"
"""Asks for an address or a price, not for help, also about one's own: "家里老人摔了去哪个医院看"."""
PAST = (
    r"(?:(?:摔倒?|跌倒|晕倒?|昏倒|进|来|遭|着火?|起火?|失火?|闹|中风|发作|偷|烧|淹|骨折|住院|受伤|流产)过(?!来|去|了?头)|昨天|昨晚|昨夜|昨日|前天|前晚|前几天|前些天|前阵|上周|上个?星期|上个?月|上次|上回|去年|前年|以前|之前|那天|那次|那年|小时候|当年|"
    r"曾经|早就|几年前|年前|天前|月前|前段时间|\byesterday\b|\blast (?:night|week|month|year|time)\b|\bago\b|\bused to\b|\bonce\b)"
)
STILL_BAD = r"(?:今天|现在|刚才|刚刚|这会儿?)?又.{0,2}(?:来|在|着|进|摔|晕)|(?:现在|到现在|今天|还|越来越|更)?.{0,6}(?:起不来|动不了|不醒|没醒|痛|疼|血|严重|难受|不行|昏|晕)"
"""In the clause after the past: it is not over."""
REALLY = r"(?:(?:真的|绝对|绝|并|可|这)*(?:不是|没在|不在|没有|别当|别以为是?|不要以为是?)(?:在|我在|跟你们?|和你们?|什么)*(?:演习|演练|开玩笑|玩笑|闹着玩|玩|游戏|测试|假的|误报|恶作剧|试试|骗人|骗你们?|逗你们?))"
"""Says that it is in earnest; taken out before the look, or its own words would turn the danger off."""
PRESENT = r"(?:现在|到现在|还在|还没|刚才|刚刚|又|正在|\bnow\b|\bstill\b|\bagain\b)"
"""Makes the past count again."""
IF_AND_MIND = (
    r"(?:以后|下次|今后|如果|万一|要是|假如|以防|预防|防止|防范|谨防|严防|防盗|防火|防溺水|防汛|防(?:跌|摔|骗|暑|滑|电|走失|中风|火|盗)|注意|当心|小心(?!肝)|严禁|禁止|请勿|避免|容易|不准|杜绝|"
    r"演习|\bif\b|\bin case\b|\bprevent\b|\bbe careful\b|\bbeware\b)"
)
ABOUT_NOTICES = (
    r"(?:演练|演习|预案|讲座|通知(?!一下)|宣传|培训|表彰|大会|英雄|事迹|招新|招募|演讲|竞赛|试运行|上线|救援队|每天跟着|领取|回收|联系人|预警|活动|保险|广告|知识|安全教育|会议|开会|报名|登记|隐患|排查|整改|检查|比赛|消息称|公告|"
    r"作文|题目|考试|电影|电视剧|小说|新闻|视频|转给|转告|分享|谣言|辟谣|造谣|假消息|灭火器|防火|招聘|价格|多少钱|便宜|下载|公众号|微信群|群公告|直播|抽奖|游戏|王者|吃鸡|招人|报销|理赔|几点|上课|"
    r"\bdrill\b|\blecture\b|\btraining\b|\bcourse\b|\bnews\b|\bmeeting\b|\bmovie\b|\binsurance\b|\bsale\b|\bhelper\b|\bwhat time\b)"
)
"""A text about one of these raises nothing, unless it is a cry or about one's own house."""
RESOLVED = (
    r"(?:没(?:什么|啥|多大)?事(?:的|了|儿)*(?:别担心)?$|灭了|扑灭|熄了|救下来了|(?<!不)好了|没事了|虚惊|解决了|抓住了?|抓到了?|被抓了|逮住|逮到|跑了|跑掉了|(?<!不)走了|(?<!没)找到了|(?<![不没])醒了|(?<![不没])醒过来|(?<!没)救出来|"
    r"脱险|送(?:去|到|往|了)?医院|住院|出院|假的|误会|\bis out\b|\bput out\b|\bcaught\b|\bran away\b|\bfound\b|\bover$|\bfalse\b)"
)
HARMLESS = (
    r"(?:(?:学|考|教|懂|练|讲|会)(?:习|了|过|点)?急救|打死(?:我|他|你)?(?:都|也)不|(?:气|晕|困|热|冷|烦|累|笑|饿|愁|急|丑|吓|羞|美|贵|吵|闷|渴)死(?:了|我|人)+|发(?:了?(?:大|很大的?|好大的?)?)火(?!灾)|吓得(?:我)?.{0,4}(?:心脏病|中风|心梗|晕).{0,2}(?:都|快|差点|要).{0,4}|(?:差点|快)吓.{0,5}(?:心脏病|晕).{0,3}|(?:心脏病|中风|癫痫|偏瘫|脑梗|心梗)(?:都|已经|也|有)*(?:好|几|好几|[\d一二三四五六七八九十两]{1,3})多?(?:年|个月)|(?:作业|考试|上班|加班|累得?|热得?|困得?|减肥).{0,6}不想活了?|昏倒~|小偷(?:真|太|很)多|报警(?:电话|回执)|打架子鼓|(?<!在)(?:摔|掉|砸)了?(?:我的?)?(?:手机|碗|杯子?|东西)|中毒软件|漏电保护|(?:心梗|中风|骨折|脑梗|心脏病?|偏瘫)(?:的)?(?:体检|康复|复查|预防|筛查|疗养|后遗症)|洪水过后|(?<!呼吸)困难|砍(?:我)?一?刀|救我狗命|救命太.{1,4}$|烧到\d+度|\bblood (?:test|pressure|type|sugar|donation|donor)\b|\b(?:prices?|sales?|stocks?|shares?|rates?|temperature|rain|snow|night) (?:fell|collapsed|crashed)\b|\bstuck (?:in|at) (?:traffic|a meeting|meeting|work|the office)\b|\bstole my heart\b|\bstroke order\b|\bfire in (?:the|my) belly\b|\bsmoke[ -]free\b|\bsnake (?:game|fruit|year)\b|^fighting$|\bhurt (?:my|your|his|her)? ?feelings\b|\bbreak in (?:shoes|boots)\b|\bdying (?:to|of laughter|laughing)\b|\bflood of\b|\bhot glue gun\b|\bglue gun\b|(?:手机|耳朵|鞋子?|电脑|手表|相机|耳机|车灯|脑子)里?进水|钥匙.{0,3}(?:反锁|锁)(?:在|到|进)?|(?:股票|基金|油价|价格|币|成绩|分数).{0,3}(?:跌|摔|崩|塌)(?:倒|到|了)?|(?:像|跟|好比|如同).{0,3}(?:着火|起火|火烧|杀人|打架)(?:了)?(?:似的|一样)?|(?:着火|起火|杀猪|打架)了?(?:似的|一样)|(?:笑|乐|美|忙|累|跑|爬山?|走|作业多|压)得?.{0,3}(?:喘不过气|透不过气|喘不上气|断气|要死|肚子.{0,2}(?:疼|痛))|流血牺牲|(?:房价|股价|股市|物价|菜价|人设|心态|天|行情|三观|信号|网络?|服务器)(?:都|要|快|也|全|真)*(?:塌|崩|炸|着火)(?:了|下来)?|救救(?:我的|我家的?|我这|这个?|这些|我)?(?:头发|钱包|脸|皮肤|作业|肥肉|体重|手机|电脑|平板|账号|WiFi|wifi|眼睛啊?|耳朵|选择困难|强迫症|花|多肉|绿植|盆栽|鱼缸)|烧稻草|烧秸秆|烧草|烧纸|烧香|烧饭|烧菜|烧烤|烧水|烧火|做饭|炒菜|烟囱|放鞭炮|鞭炮|爆竹|烟花|火锅|篝火|焚烧|开玩笑|玩笑|演戏|"
    r"(?:手机|碗|杯子?|盘子|电脑|电视|东西|瓶子?|平板|遥控器|相机)(?:被)?(?:我)?(?:摔|掉|跌|中毒)|开大火|大火(?:炒|煮|收|蒸|炖)|"
    r"很火|火爆|生意|游戏|打我电话|打我手机|股票|\bfireplace\b|\bfireworks?\b|\bbarbecue\b|\bbbq\b|\bfire (?:alarm test|drill|extinguisher|station|fighters?|safety|sale|escape|hydrant|department|stick|truck toy)\b|\bfire(?:man|men|fighters?)\b|"
    r"\bfell asleep\b|\bfalls? in love\b|\bfell in love\b|\bhelpful\b|\bhelpline\b|\bbreak in the\b|\bin a meeting\b)"
)
JOKES = r"(?:哈哈|嘿嘿|嘻嘻|呵呵|笑死|笑尿|笑哭|笑不活|好笑|谁懂|绝了|好看|好吃|太贵|可爱|作业|追剧|天天|整天|老是|吵死|烦死|这个?剧|综艺|明星|游戏|😂|🤣|😆|😹|😄|\blol\b|\bhaha|\blmao\b|\bhhh+|\b2333+)"
"""Beside a cry and no event, the cry is a way to speak ("笑死我了 救命😂"). Whoever writes so is asked for a 9."""
BENEFITS = r"(?:补贴|补助|赔偿|理赔|报销|保险|抚恤|慰问金|怎么领|怎么赔|怎么申请|申领|申请表|办理|手续|材料|证明|鉴定|台账|统计)"
"""A clause about papers and money: what it names has not just happened."""
DISMISSED = r"(?:都|也|现在|已经|人)*(?:没(?:什么|啥)?(?:大)?事(?:的|了|儿)*|没(?:有)?大?碍了?|没受伤|不要紧了?|不碍事|已经好了|好多了)|(?:大家|你们|都)*(?:别|不用|不必)担心(?:了)?|(?:大家|都)*放心(?:吧|好了)?|(?:和|跟|与)?(?:我们?|咱们?).{0,2}(?:没|无)关系?"
"""The whole clause behind a danger: it is none any more."""
LAUGHS = r"(?:哈哈|嘿嘿|嘻嘻|笑死|😂|🤣|\blol\b|\bhaha|\blmao\b)"
THANKED = r"(?:谢谢|感谢|多谢|辛苦|thank|thanks)"

# About one's own.
OWN_HOUSE = (
    r"(?:我家|俺家|我们家|咱家|咱们家|我屋|我房|我院|我店|我厂|我门|我窗|我楼|我的(?:房|店|屋|家|院|车)|我这(?:里|边|儿)?|我们这|家里|自家|屋里头?|"
    r"\b(?:my|our) (?:house|home|flat|room|kitchen|yard|shop|garden|barn|roof|place|door|window|car)\b)"
)
OWN_KIN = rf"(?:我们?|俺|咱)(?:家)?(?:的)?(?:里)?(?:的)?{_KIN}|\b(?:my|our) (?:\w+ )?(?:mother|mom|mum|dad|father|wife|husband|son|daughter|kid|kids|child|baby|grandma|grandpa|grandmother|grandfather|brother|sister|parents)\b"
OWN_BODY = (
    r"(?:我|俺)(?:也|又|刚|刚刚|刚才|现在|自己|不小心|被|快|要|一个人|都|的?(?:腿|手|脚|腰|头|胸口?|心脏|心口|肚子|眼睛)|在.{0,4}|(?:去|来|赶)的?(?:半路|路)上|从.{0,6}|们?被困|们?困)*"
    r"(?:摔|跌|晕|昏|流|吐|被|掉|落|喝|吃|中毒|触电|困|反锁|撞|受|烫|烧|割|咬|心|胸|呼吸|喘|透不|不能呼吸|不行|快死|要死|病|动不了|抽|噎|呛|出血|出车祸|出事|滑|断|疼|痛|难产|要生|羊水)|"
    r"打我|砍我|捅我|抢(?:了)?我|追我|掐我|杀我|绑我|跟踪我|尾随我|偷(?:了)?我(?!也|不|没|都|看)|"
    r"\bi(?:'m| am|'ve| have| was| just| got| can't| cannot)? ?(?:am |been |just |also )*(?:hurt|bleeding|trapped|fell|fallen|attacked|injured|choking|dying|stuck|locked|robbed|drowning|breathe)|"
    r"\b(?:attack|hit|hitting|beat|beating|stab|stabbed|rob|robbed|follow|following|chasing) me\b|\bi (?:can't|cannot|cant) breathe\b"
)
OTHERS_HOUSE = (
    r"(?:他家|她家|他们家|你家|你们家|您家|人家|隔壁|对面|对门|楼上|楼下|前面|后面|那家|那边|那里|村口|"
    r"[\u4e00-\u9fff]*[^我俺咱们自在回到大全国的一这整老娘住是离\W\da-z]家)"
)
NO_TOPIC = r"离|远|住|不在|没在|没事|有(?:车|梯|灯|绳|灭火|担架|人手|空)|帮|借|可以|能来"
"""Of one's own, but whole in itself: what follows is about somebody else ("我家离得远，着火了我也看不见")."""
TELLS_OF = r"(?:说|讲|告诉|听|看见|看到|看得|闻|问|打电话|以为|喊)"
"""Between one's own and the danger: it is somebody else's."""
OLD_INJURY = r"(?:骨折|受伤|扭伤|伤了|生病|发烧|手术|腿疼|腰疼|脚疼|崴|病了|发病|断了)"
"""Why somebody cannot come; no call for help when they say in the same text that they cannot."""
CALLS_FOR_HELP = r"快.{0,2}(?:来|叫|打|救)|帮.{0,2}(?:叫|打)|叫.{0,3}救护车(?!了)"
"""Turns no illness into an excuse."""
CARED_FOR = r"(?:要|得|在|正在|我|需要)(?:人)?(?:照顾|照看|陪护|陪床|陪着|伺候)|在(?:.{0,4})(?:医院|急诊|抢救室|卫生院)|(?:走|离|脱)不(?:开|得)身?|在?抢救(?!过|无)|已?送(?:去|到|往|了)?医院|住院"
"""Somebody ill has help already: why a neighbour cannot come, no call for help."""
LOOKS_BACK = (
    r"^(?!.*(?:又|再次|复燃|还在|现在|正在|\bagain\b|\bstill\b)).*(?:辛苦|谢|感谢|感恩|累(?:坏|死|了)|刚才|当时|那会儿?|刚刚.{0,3}[好真太]|以后|下次|今后|吓|幸好|幸亏|还好|好险|万幸|多亏|总算|终于|"
    r"有没有|有无|哪|谁|跑了|没事吧|还好吧|好(?:点|些)了|怎么样|怎么(?:会|着|起|回|样|发生|搞)|严重|重不重|要不要紧|要紧|多大|哪家|谁家|为什么|为啥|原因|[吗么]$|\bthank|\bglad\b|\brelieved\b|\bwas\b|\bwere\b|\bdid\b|\bnext time\b)"
)
"""Behind the all-clear: thanks, relief and questions about what is over, not a new alarm."""
