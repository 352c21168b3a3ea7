"""Words by which a text betrays that no person wrote it, as patterns over folded text."""

from __future__ import annotations

# fmt: off

# One of these is enough.
REPLIES = (
    *("自动回复", "自动应答", "自动答复", "自动短信", "智能回复", "系统自动", "本短信由", "语音信箱", "留言信箱"),
    *("(?:开车|驾驶|驾车|行车|开会|会议中|上课|忙)[^\n]{0,12}(?:稍后|稍候|晚点|尽快)?(?:再)?(?:回电|回复|回拨|联系你|联系您)",),
    *("(?:开车|驾驶|驾车|行车|开会|会议中|上课)[^\n]{0,8}(?:不便|不方便|无法)(?:接|回|看)",),
    *("(?:不便|不方便|无法|不能)(?:接听|接电话|接你的?电话|接您的?电话|回复|看手机|查看)",),
    *("短信已(?:收到|接收|阅)", "(?:信息|消息|邮件|来信)已收到", "已收到(?:您|你)的(?:短信|信息|消息|来信|邮件|来电)"),
    *("您?的(?:短信|信息|消息|来信|来电|邮件)(?:我)?(?:已经?)?(?:收到|知悉)",),
    *("(?:稍后|稍候|晚点|尽快|随后|回头|会后|下车后|下班后|有空)(?:再|会|将|便)?(?:给|跟|与|和|同)?(?:您|你)?(?:电话)?(?:回复|回电|回拨|回覆|联系|联络)",),
    *("(?:将|会)(?:尽快|稍后|及时|第一时间)[^。]{0,6}(?:回复|回电|联系|回拨)",),
    *("(?:看到|看见|下班|忙完|下课|散会|到达|结束|方便时?|空了|醒来|停车)(?:消息|短信|信息)?(?:以?后|时|了)?[^。\n]{0,8}(?:再|会|将|就|便)[^。\n]{0,6}(?:回|联系|答复)(?!来|去|家|村|到)",),
    *("如有(?:急事|紧急|要事|需要)[^。]{0,8}请", "有(?:急|要)事(?:请)?(?:拨打|致电|打电话|联系|留言|打我)", "请(?:您)?留言"),
    *("您拨打的", "您呼叫的", "机主", "来电提醒", "漏话提醒", "未接来电", "来电助手", "关机提醒", "已停机", "暂时无法接通"),
    *("休假中", "年假期间", "外出期间", "本人(?:现)?正在休假", "驾驶模式", "勿扰模式", "专注模式", "免打扰"),
    *(r"auto(?:matic|mated)?[- ]?(?:reply|response|responder|respond)", "out of (?:the )?office", "out-of-office"),
    *("this is an automated", "do not reply", "please do not reply", "no-?reply", "unmonitored"),
    *("driving with", "do not disturb", "currently driving", "focus turned on"),
    *("(?:i'll|i will|will) (?:get back|reply|respond|call you|see your message|return your|be back|text you)",),
    *("get back to you", "call (?:me|you) (?:back )?later", "can't talk (?:right )?now", "can i call you", "leave a message"),
    *("(?:thank you|thanks) for (?:your (?:message|text|email|sms)|contacting|reaching)", "what's up\\?$"),
    *("have notifications silenced", "notifications silenced", "i'm away from (?:my|the)", "currently unavailable"),
    *("in (?:a|an) (?:emergency|urgent)[^.]{0,20}(?:call|contact|dial|please)", "in case of (?:an )?emergency"),
    *("has been received", "we have received your", "your message (?:was|has|is)", "subscriber you", "voice ?mail"),
)

# One of these is enough, unless a person cries for help in the same text.
NOTICES = (
    *("验证码", "校验码", "动态码", "动态密码", "激活码", "取件码", "提货码", "短信码", "登录码"),
    *("verification code", r"\bcode\b[^0-9]{0,12}\d{4,8}", r"\b\d{4,8}\b is your", r"\botp\b", "one-?time pass"),
    *("取件", "驿站", "菜鸟", "丰巢", "快递柜", "派件", "派送中", "待取", "(?:请|敬请|注意)(?:您|及时|尽快)?(?:查收|签收|取走|领取|自提)", "运单", "已签收", "骑手", "外卖员"),
    *("(?:您|你)的?(?:快递|包裹|快件|外卖|订单|货物|邮件)", "(?:快递|包裹|快件|外卖|快件)(?:已|到了|送到|放在)"),
    *("your (?:package|parcel|order|delivery)", "out for delivery", "track(?:ing)? (?:number|your)"),
    *("退订回", "回复?(?:t|td|n|qx)退订", "拒收请?回", "退订请?回", "回复?(?:t|td|n)拒收", "回t", "unsubscribe", "opt[- ]?out"),
    *("尊敬的", "亲爱的(?:客户|用户|会员|家长|业主|市民|村民|顾客)", "温馨提示", "友情提醒", "客户您好", "本行", "贵宾"),
    *("尾号", "账户余额", "话费余额", "当前余额", "账单", "还款", "逾期", "信用卡", "贷款", "中奖", "优惠券", "积分兑换"),
    *("套餐", "流量(?:包|提醒|已)", "充值", "缴费", "点击链接", "详询", "客服热线", "拨打.{0,4}热线", "回复数字办理"),
    *("气象台", "预警信号", "(?:黄|橙|红|蓝)色预警", "防汛(?:办|指)", "应急管理局", "反诈(?:中心|提醒)?", "停(?:电|水)通知"),
)

# Two of these together.
LIKELY = (
    *("您好", "您的", "短信", "收到您", "稍后", "开会", "忙碌", "在忙", "不在(?:办公室|座位)", "回复", "回电", "联系(?:我|您|你)"),
    *("开车", "驾驶", "上班时间", "下班", "客户", "本人", "敬请", "谅解", "见谅", "感谢您", "祝您", "如有", "请拨打", "详情"),
    *(r"\bhi\b", "hello", "sorry", "currently", "driving", "meeting", "office", "return", "reply", "urgent", "regards"),
)
LIKELY_ENOUGH = 3

CRIES = "救命|救我|救救|来人啊|快来人|我家.{0,3}(?:着火|起火|进贼|有贼)|我被|help me|save me"
"""A person: whatever notice stands beside it."""

# What may stand in 【…】 in a text by a person.
PERSONS_BRACKETS = "(?<!应)急(?!管|救|诊)|救|火|贼|偷|求助|重要|在线等|报警|十户联防|我家|转发"
