"""Words with which a caller takes the alarm back, or says that the trouble is over. Patterns over folded clauses."""

from __future__ import annotations

# fmt: off
TAKEN_BACK = (
    "^(?:是我|我|哦|啊|呀)*(?:错了)+(?:错了|啦|啊)*$",
    *("误报", "误拨", "误按", "误触", "误会", "误点", "误碰", "误操作", "误打", "按错", "打错", "拨错", "点错", "碰错", "发错", "搞错", "弄错", "看错", "听错", "认错", "乌龙", "摁错", "案错", "按措", "按错啦", "错报", "以为(?:是|有|来了)?(?:个)?(?:贼|小偷|坏人|着火|有人|进人|强盗)", "报错(?:警|了)", "(?:狗|猫|鸡|鸟|老鼠|风).{0,4}(?:碰|按|踩|撞|刮|弄|吹|打翻|跳)(?:到|上|倒|开)?(?:了|的|东西|碗|门|瓶)"),
    *("不小心(?:按|碰|拨|打|点|触|摁|弄)", "不当心(?:按|碰|拨)", "(?:孩子|小孩子?|孙子|孙女|宝宝|小朋友|儿子|女儿|娃).{0,4}(?:乱按|瞎按|误(?:按|触|拨|碰|打)|乱打|按错|按的|(?:拿|在|玩着?).{0,2}(?:手机|电话|按键)玩?(?:按到了?|按的|碰到了?|误按)?$|(?:按|碰|拨|点)(?:到|着)?(?:了|的|手机|电话|按键|键)*$|按着玩)", "手滑", "手抖", "手误", "坐到手机", "取消", "取销", "撤销", "撤消", "撤回", "撤(?:了|掉|除)", "(?:按|碰|压|坐|摸|踩)(?:到|着)(?:了)?(?:键|手机|电话|按键)?(?:了)?$"),
    *("虚惊", "假警报", "^(?:是|都是|这是)?假的$", "^是测试", "只是测试", "试机", "试用", "试按", "^(?:只是|就是|我|想|就)*(?:试一下|试试看?|测试一下|测试)(?:的|而已|看)?$", "^(?:只是|就是|我|是|跟|和|你们|大家)*开个?玩笑", "没有的事", "没这回事", "wubao", "quxiao"),
    *(r"\bfalse alarm\b", r"\bby mistake\b", r"\bmistake(?:n|nly)?$", r"\bcancel(?:l?ed)?\b", r"\baccident(?:al|ally)\b", r"\bby accident$", r"\bnever ?mind$", r"\bignore (?:that|this|it|my)\b"),
    *(r"\bpocket (?:dial|call)", r"\bmistake (?:ignore|sorry|please)", r"\bwrong (?:button|key|number)\b", r"\bpressed (?:the )?wrong\b", r"\bjust (?:a )?test(?:ing)?\b", r"\bdidn't mean\b", r"\bmy bad\b", r"\b(?:kids?|son|daughter|child|children|baby|cat|dog) (?:was |were |is |are |just )?(?:play(?:ing|ed)|pressed|hit|dialed|dialled|touched)\b", r"\bpressed (?:it|the (?:button|key|phone)|by)\b"),
)
PERSON_IS_WELL = r"(?:我?(?:妈妈?|爸爸?|爷爷|奶奶|老公|老婆|儿子|女儿|孙子|孙女)|^人|他|她|老人|孩子|小孩|娃)(?:们|都|也|现在|倒|是|还|暂时)*(?:没(?:什么|啥)?事(?:了|啦)?|没受伤|不要紧)$"
"""Says that somebody is unhurt, not that the trouble is over: "人没事" while the house burns."""
SOLVED = (
    *("^(?:人|孩子|小孩|娃|老人|老太太?|老头|爷爷|奶奶|我[妈爸爷奶]{1,2}|儿子|女儿|狗)(?:已经?|都|也|自己|刚刚?)*(?:找到|找着|回来|回家)了", "没事了", "没事啦", "没事儿了", "没事情了", "没啥事了", "没(?:啥|什么)(?:大)?事(?:情|儿)?$", "^(?:已经?|都)(?:处理|解决|搞定|妥)(?:好|完|当)?了?$", "没有事了", "没什么事了", "没事$", "已经?没事", "现在没事", "都没事", "好了没事", "没什么大事", "不要紧了?$", "不碍事了?$", "没大碍了?$", "没关系了?$"),
    *("(?:不用|不必|不要|无需|甭|别|不需要|勿)(?:再|麻烦|大家|你们|人)*(?:来|过来|赶来|赶过来|跑|跑了|管|去)(?:人|帮忙|一趟)?(?:了|啦|哈|谢谢)+$", "(?:不用|不必|无需|甭|不需要)(?:再|大家|你们)*(?:来|过来|赶来|赶过来|跑|管|帮忙|帮)(?:人|一趟)?$"),
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
