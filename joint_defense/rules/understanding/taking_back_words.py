"""Words with which a caller takes the alarm back, or says that the trouble is over. Patterns over folded clauses."""

from __future__ import annotations

# fmt: off
TAKEN_BACK = (
    "^(?:是我|我|哦|啊|呀)*(?:错了)+(?:错了|啦|啊)*$",
    *("误报", "误拨", "误按", "误触", "误会", "误点", "误碰", "误操作", "误打", "按错", "打错", "拨错", "点错", "碰错", "发错", "搞错", "弄错", "看错", "听错", "认错", "乌龙", "摁错", "案错", "按措", "按错啦", "错报", "以为(?:是|有|来了)?(?:个)?(?:贼|小偷|坏人|着火|有人|进人|强盗)", "报错(?:警|了)", "(?:狗|猫|鸡|鸟|老鼠|风).{0,4}(?:碰|按|踩|撞|刮|弄|吹|打翻|跳)(?:到|上|倒|开)?(?:了|的|东西|碗|门|瓶)"),
    *("不小心(?:按|碰|拨|打|点|触|摁|弄)", "不当心(?:按|碰|拨)", "(?:孩子|小孩子?|孙子|孙女|宝宝|小朋友|儿子|女儿|娃).{0,4}(?:乱按|瞎按|误(?:按|触|拨|碰|打)|乱打|按错|按的|(?:拿|在|玩着?).{0,2}(?:手机|电话|按键)玩?(?:按到了?|按的|碰到了?|误按)?$|(?:按|碰|拨|点)(?:到|着)?(?:了|的|手机|电话|按键|键)*$|按着玩)", "手滑", "手抖", "手误(?:按|点|碰|触|拨|打)?(?:的|了|到)*", "坐到手机", "取消", "取销", "撤销", "撤消", "撤回", "撤(?:了|掉|除)", "(?:按|碰|压|坐|摸|踩)(?:到|着)(?:了)?(?:键|手机|电话|按键)?(?:了)?$"),
    *("虚惊", "假警报", "^(?:是|都是|这是)?假的$", "^是测试", "只是测试", "试机", "试用", "试按", "^(?:只是|就是|我|想|就)*(?:试一下|试试看?|测试一下|测试)(?:的|而已|看)?$", "^(?:只是|就是|我|是|跟|和|你们|大家)*开个?玩笑", "没有的事", "没这回事", "wubao", "quxiao"),
    *(r"\bfalse alarm\b", r"\bby mistake\b", r"\bmistake(?:n|nly)?$", r"\bcancel(?:l?ed)?\b", r"\baccident(?:al|ally)\b", r"\bby accident$", r"\bnever ?mind$", r"\bignore (?:that|this|it|my)\b"),
    *(r"\bpocket (?:dial|call)", r"\bmistake (?:ignore|sorry|please)", r"\bwrong (?:button|key|number)\b", r"\bpressed (?:the )?wrong\b", r"\bjust (?:a )?test(?:ing)?\b", r"\bdidn't mean\b", r"\bmy bad\b", r"\b(?:kids?|son|daughter|child|children|baby|cat|dog) (?:was |were |is |are |just )?(?:play(?:ing|ed)|pressed|hit|dialed|dialled|touched)\b", r"\bpressed (?:it|the (?:button|key|phone)|by)\b"),
)
PERSON_IS_WELL = r"(?:我?(?:妈妈?|爸爸?|爷爷|奶奶|老公|老婆|儿子|女儿|孙子|孙女)|^人|他|她|老人|孩子|小孩|娃)(?:们|都|也|现在|倒|是|还|暂时)*(?:没(?:什么|啥)?事(?:了|啦)?|没受伤|不要紧)$"
"""Says that somebody is unhurt, not that the trouble is over: "人没事" while the house burns."""
SOLVED = (
    *("^(?:人|孩子|小孩|娃|老人|老太太?|老头|爷爷|奶奶|我[妈爸爷奶]{1,2}|儿子|女儿|狗)(?:已经?|都|也|自己|刚刚?)*(?:找到|找着|回来|回家)了", "没事了", "没事啦", "没事儿了", "没事情了", "没啥事了", "没(?:啥|什么)(?:大)?事(?:情|儿)?$", "^(?:已经?|都)(?:处理|解决|搞定|妥)(?:好|完|当)?了?$", "没有事了", "没什么事了", "没事$", "已经?没事", "现在没事", "都没事", "好了没事", "没什么大事", "不要紧了?$", "不碍事了?$", "没大碍了?$", "没关系了?$"),
    *("(?:不用|不必|不要|无需|甭|别|不需要|勿)(?:再|麻烦|大家|你们|人)*(?:来|过来|赶来|赶过来|跑|跑了|管|去)(?:人|帮忙|一趟)?(?:了|啦|哈|谢谢|多谢|大家|各位|你们)+$", "(?:不用|不必|无需|甭|不需要)(?:再|大家|你们)*(?:来|过来|赶来|赶过来|跑|管|帮忙|帮)(?:人|一趟)?$"),
    *("^(?:已经|都|现在)?(?:不用|不需要|不必)(?:帮|帮忙|帮助|救)?了$", "(?:已经?|都|问题|事情|事|警察|现在).{0,3}(?:解决|处理)(?:好|完|掉)?了", "^(?:解决|处理好|搞定|摆平)了", "解除了?$", "^解除", "危险(?:已经?)?(?:解除|过去)", "(?:一切|都|全)(?:正常|好了|平安)", "平安(?:了|无事)$"),
    *(r"\ball (?:good|clear|ok|okay|fine|safe)(?: now| here| again| everyone| thanks| thank you)*$", r"\b(?:i'm|im|i am|we're|we are|everything(?:'s| is)|it's|it is) (?:all |now |just )*(?:ok|okay|fine|good|safe|over|alright|all right|solved|under control)\b"),
    *(r"\bno (?:need|more help)(?: needed| anymore| any more|(?: for (?:you|anyone|anybody|them))? to come(?: over)?)?$", r"^(?:please |you )?don't (?:need to )?come(?: anymore| any more| over| please)?$", r"\bnothing (?:happened|is wrong|wrong)\b", r"\bsorted\b", r"\bproblem solved\b", r"\bit's over\b", r"\bno longer need"),
)
NOT_OWN_WORDS = (
    r"(?:不|没有?|别|勿|未|谁|他|她|它|以为|说|听|怎么|如何|吗|哪|难道|能不能|可以|是不是|有没有|"
    r"\bnot\b|n't\b|\bhow (?:do|to|can)\b|\bcan i\b|\bwho\b|\bno\b|\bnever\b|\bhe\b|\bthey\b|\bsaid\b)"
)
"""Ahead of such a word in its clause: turned off, asked, or said by others. In doubt the alarm stands."""
NOT_TURNED_OFF = r"(?:不小心|不当心|不好意思|不是故意的?|不用来|不用|没事的?|没注意|没看清|对不起|现在|以后|\bno need\b|\bno worries\b|说声|说一声|他爸|他妈)"
"""Holds such a word and turns nothing off."""
OF_THE_CALLER = r"我|俺|咱|孩子|小孩|娃|孙|儿子|女儿|老公|老婆|老人|妈|爸|手机|电话|不小心|求助|报警|警报|不好意思|抱歉|对不起|没事|不用|是猫|是狗|\b(?:i|i'm|my|we|me|sorry|please|alarm|it|it's|that|was|kids?|son|daughter|phone|pressed|accident|mistake|button|dial(?:l?ed)?)\b"
"""In a long clause: it is the alarm that is taken back, not an order or a bus."""
GOES_ON = (
    r"^(?:不了|不掉|失败)|^了?(?:地方|地址|位置|门牌|字|楼|几?号楼|组|村|方向|人|路|门)|(?:吗|没|么|没有)$|(?:是怎么|怎么弄|什么)|"
    r"^(?:火|电|刀|水)"
)
"""Behind it: it could not be done, or what was wrong was a detail."""
DETAILS = r"(?:\d|[一二三四五六七八九十])(?:号|组|楼|户|个|栋|单元|弄)|有.{0,3}(?:人|刀|血)|在.{1,6}(?:里|边|上|后面?|前面?)$"
"""In another clause: only a detail was wrong ("打错了，是2组")."""
DETAIL_MAY_BE_WRONG = r"(?:打|发|点|看|听|认|弄|搞|说|写)?错"
BUT = r"(?:但|还在|还没(?:有)?(?:出|灭|走|救)|没出来|里面|里头|仍|可是|不过|只是(?!测试|误|按|试|开)|就是.{0,6}(?:摔|伤|痛|疼|怕)|还是|还有|可他|可我|其实|又(?:来|回|在|进)|还.{0,3}着|(?<!没)有事|\bbut\b|\bhowever\b|\bstill\b)"
ZERO = r"(?:我?(?:回复|回|按|请按|发|选)?(?:0|零|〇|o))+"
ZERO_AND_WORDS = r"^\s*0+(?!\d|[:.：．]?\d|点|时|元|号(?!键)|个|人|户|家|度|分)(?:[^\d]|$)"

# What may stand behind a taking back: anything else, and the alarm stands, for the trouble may go on ("误报不是，是真的").
_KIN = "女婿|儿媳妇?|侄[子女]|侄儿|外甥|舅舅|叔叔|伯伯|姑姑|阿姨|老公|老婆|儿子|女儿|孙子|孙女|孩子|小孩|娃|媳妇|婆婆|公公|爷爷|奶奶|外公|外婆|哥哥?|姐姐?|弟弟?|妹妹?|[爸妈]{1,2}"
BESIDE_IT = (
    r"(?>(?:谢谢|感谢|多谢|辛苦)(?:了|大家|你们|各位)*(?:帮忙|帮助|关心|支援)|不好意思|对不起|对不住|不是故意的?|别担心|别怕|谢谢|感谢|多谢|唔该晒?|麻烦|辛苦|打扰|惊动|吵醒?|吓|添麻烦|大家|各位|你们|邻居们?|乡亲们?|抱歉|见谅|原谅|"
    r"真的?(?=不|对|抱|没|谢|误|按|是(?:误|按|没))|实在|非常|十分|太|很|给|让|到|您|"
    r"求助|报警|警报|呼叫|报案|一场|键|号|自己|刚才|刚刚|现在|以后|已经|都|就|也|请|我们家?|我家?|俺|放心|"
    r"了|的|啦|吧|啊|呀|哈|呢|哦|嗯|哎|晒|一下|而已|0|唔好意思|多多包涵|担心|操心|白?跑了?一?趟|让(?:大家|你们)|受惊|费心|发自.{1,14}$)*+"
)
"""Thanks, apology and what is said with them: the whole of a clause, or what a clause has besides."""
ALL_IS_WELL = (
    r"(?:家里?|这里|外面|这边)?(?:都|也|根本|其实|真的|并)*没(?:有)?(?:什么|啥|任何)?(?:人|贼|小偷|着火|起火|火|情况|事情?|危险|异常|坏人|问题|进贼|受伤|发生)(?:了|的|啊)?|(?:都|这)?(?:不是|没有)真的|真的|没事.{0,2}|(?:已经?|都)*(?:处理|解决|搞定|弄)(?:好|完|掉)?了?|(?:请)?(?:忽略|无视|当没看见)(?:它|吧|即可)?|是(?:我们|我家)?自己人|我?(?:只是|就是)?在?(?:试|测试|教|学).{0,3}(?:手机|电话|按键)|"
    r"(?:是|被)?(?:我家)?(?:猫|狗|鸡|鸟|老鼠|风)(?!.*[火电])把?.{0,4}(?:碰|按|踩|撞|刮|弄|吹|打翻|跳).{0,6}|"
    r"(?:小偷|贼|人|坏人|他们?|她|火|烟|蛇|狗|醉汉)?(?:已经?|都|也|早就?|自己)*被?(?:跑|走|灭|扑灭|熄|抓住|抓到|离开|散|关|关掉)(?:掉)?(?:了|啦)|"
    r"(?:大家|你们|各位|都|请|可以|就)*(?:回去|回家|回|睡觉?|休息|散)(?:吧|了|睡觉?|休息)*|(?:大家|你们)?(?:别|不用|不要|不必|无需)(?:再|大家|你们|人)*(?:来|过来|去|过去|打|管|担心|急|跑|报警|打电话|回|怕|紧张)(?:人|了|啦|电话|帮忙)*|在(?:邻居|亲戚|同学|外婆|奶奶|朋友)家|"
    rf"(?:原来)?是(?!真)(?=.*(?:猫|狗|鸡|鸟|鼠|风|亲戚|亲家|客人|朋友|同学|同事|快递|外卖|物业|抄表|查表|电工|水电工|水管工|装修|师傅|工人|网格员|村干部|邮递|邮差|收电费|收水费|收废品|送货|送水|送菜|推销|修|煮|炒|烧(?:稻|秸|草|纸|香|火|饭|菜|水|柴|荒)|烟囱|灰|雾|蒸汽|影子|树|锅|试|测|误|按|碰|玩|闹|梦)).{{1,12}}|"
    rf"(?:原来)?是(?:我|我家|家里)?的?(?:{_KIN}|邻居|家里人)们?(?:半夜|刚刚?|自己)?(?:回来|回家|来|到家|进来|起夜|起来)?了?|"
    rf"(?:是|被)?(?:我|我家|家里)?的?(?:{_KIN}|猫|狗).{{0,5}}(?:玩|按|碰|淘气|调皮|不懂事|乱动|乱点|按到).{{0,5}}|(?:手机|电话|按键|遥控).{{0,4}}(?:按|碰|压|坐|口袋|自己).{{0,4}}"
)
"""The whole of a clause behind a taking back that says that all is well, or why it was none."""
ENGLISH_BESIDE_IT = (
    "sorry all everyone everybody please pls thanks thank you for coming ignore that it this the my alarm call was were is are now here again cat dog kid kids son daughter child children baby "
    "grandson pressed playing play played with phone button by an a accident mistake false no need needed to come go home back we i'm im i am we're fine ok okay good safe everything everything's husband wife "
    "only just test testing tested trouble over neighbours neighbors guys folks apologies meant didn't don't mean touched wrong key number cancel cancelled canceled nothing happened so very much bother "
    "and anymore more any up it's its that's there's problem solved sorted panic worry about thx cheers bad dial dialed dialled pocket never mind nevermind in at one clear emergency 0 o"
)
"""English words that may stand in a clause beside or behind a taking back."""
EARLIER = r"上次|上回|前天|昨天|昨晚|那次|前几天|上个?(?:月|周|星期)|之前|以前|\bbefore\b|\bearlier\b|\blast time\b|\byesterday\b"
"""The taking back is of another alarm."""
HEDGED = r"好像|应该|可能|大概|也许|估计|似乎|\bmaybe\b|\bprobably\b|\bi think\b|\bshould be\b"
"""A guess ahead of it: the caller is asked."""
OF_A_DETAIL = r"门牌|地址|位置|号码|名字|字|组|楼"
"""Right before 错: a detail was wrong, not the alarm."""
