"""What in a text is not its writer's own: marks of quotation, signatures, reactions, and our own sentences."""

from __future__ import annotations

# fmt: off

OUR_NAMES = ("【十户联防】", "[十户联防]", "【十戶聯防】", "[Joint Defence]")

# Our own sentences as they are copied without our name, in Chinese and English; patterns.
OUR_SENTENCES = (
    r"能来(?:的)?(?:请)?(?:回复|回|按)1[,，、;； ]*",
    r"不能来(?:的)?(?:请)?(?:回复|回|按)2[,，、;； ]*",
    r"到了(?:请)?(?:回复|回|按)3[。.,， ]*",
    r"必要时[拨打]1\d\d",
    r"需要(?:邻居)?(?:求助|帮忙)(?:请)?回复9[^\n]*",
    r"(?:误报|按错了)(?:请)?回复0[。.]?",
    r"没事了请回复0[。.]?",
    r"报警(?:请)?(?:拨|打)(?:打)?110[。.]?",
    r"Reply 1 (?:if you are )?coming, 2 (?:if you )?cannot(?:, 3 (?:when you are )?there)?\.?",
    r"Dial 1\d\d if needed\.?",
    r"False alarm: reply 0\.?",
    r"If it is over reply 0\.?",
    r"To call your neighbours for help reply 9[^\n]*",
)

# By these words a line is one of ours, whatever follows them; a test sends every sentence of ours through them.
OUR_LINES = (
    *(r"家求助[!！:：]", r"又有一户求助", r"演练[,，]?不是真的警情", r"看进展[:：]", r"来电[,，]?没有(?:说话也没有按键|按井号9)", r"家求助[,，][^\n]{1,12}[:：]"),
    *(r"收到[,，。]?能来(?:的)?(?:请)?回复1", r"已收到[,，]?(?:马上呼叫|系统恢复后处理)", r"求助已收到", r"已收到求助[,，]?但您家", r"收到[,，]?马上呼叫各户邻居", r"正在呼叫\d+户邻居", r"已记下您(?:正|已|不)", r"谢谢[,，]已告诉"),
    *(r"已取消[,，]?正在通知", r"已取消您家的求助", r"收到[,，]?会转告", r"收到[,，]?已记(?:下|在这起)", r"的事已解决[,，]?不用", r"没事[,，]?是误按[,，]?不用去", r"家的(?:求助|演练)已结束"),
    *(r"的求助一直没有人解除", r"还没有人回应[,，。]?(?:请马上打|能来)", r"来的人还不够[,，]?(?:正在叫|请您去)", r"正在告诉邻居[:：]", r"已停发短信", r"短信已恢复", r"如还没人打1\d\d"),
    *(r"系统出故障了[,，]?请马上打", r"求助已记下[,，]?系统", r"已记下[,，]?系统一恢复", r"值班员已暂停受理", r"您的号码不在联防名单", r"^[^\n。]{1,20}家(?:已到现场|正在赶来)。"),
    *(r"household needs help", r"A second household calls", r"Noted: you are (?:on your way to|with) ", r"Noted that you cannot go to", r"household's (?:alarm|drill) is over", r"You are asked first"),
    *(r"Received; (?:\d|your leader|all neighbours|the \d|the household|but there)", r"Received, (?:but there|and noted with)", r"Received and noted", r"Noted\. If anything changes", r"Received\. Reply 1"),
    *(r"Cancelled; your neighbours", r"Yours is cancelled; another", r"No more texts[;:]", r"You get texts again", r"An operator has stopped alarms", r"The system has failed", r"Your alarm is kept"),
    *(r"Noted; it is passed on", r"Nobody has closed the call", r"Nobody has answered yet\. ?(?:Please|Reply)", r"Too few are coming", r"A call without (?:a word|#9) from", r"Follow it:", r"household: on the (?:way|scene)"),
    *(r"Your neighbours are being told:", r"has been told that you are", r"Your number is not on a list", r"if nobody has dialled 1\d\d"),
)

# Where a text of ours ends, when somebody wrote on behind it in the same line.
OUR_LAST_WORDS = (
    r"必要时(?:请)?[拨打](?:打)?1\d\d[。.]?",
    r"报警(?:请)?拨(?:打)?110[。.]?",
    r"谢谢(?:大家|您)?[。.!！]",
    r"Dial 1\d\d if needed\.?",
    r"Police: 110\.?",
    r"Thank you(?: all)?\.",
)

SIGNATURES = (
    r"(?:\n|^|\s)-{2,}\s*\n[\s\S]*$",
    r"(?:^|\n|\s)-{0,2}\s*(?:发自|發自|来自|來自)(?:我的|我嘅)?[^\n，,。]{1,24}$",
    r"(?:^|\n|\s)-{0,2}\s*(?:Sent|Get) (?:from|via|outlook for|using)\b[^\n]*$",
    r"\s*[(（\[【](?:发自|發自|来自|來自|Sent from)[^)）\]】]*[)）\]】]\s*$",
)

# A whole text that is only the report of a thumb, a heart or the like.
REACTIONS = (
    r"(?:Liked|Loved|Disliked|Laughed at|Emphasi[sz]ed|Questioned)\s+(?:[“\"'‘「]|an? (?:image|message|photo))[\s\S]*",
    r"(?:Reacted|Removed (?:a|an|the)) [\s\S]{1,30}?(?: to| from)\s+[“\"'‘「][\s\S]*",
    r"(?:取消了?)?(?:点赞|點讚|赞|讚|喜欢|喜歡|喜爱|喜愛|爱心|踩|不喜欢|强调|強調|质疑|質疑|点踩)(?:了|过)?[:：]?\s*[“\"「『‘'【\[][\s\S]*",
    r"(?:对|對|给|給)\s*[“\"「『‘'【\[][\s\S]*[”\"」』’'】\]]\s*(?:表示|点了?|點了?|作出|做出|加了?|发了?|回应|的?)?[\s\S]{0,12}",
    r"(?:觉得|覺得|认为|認為)\s*[“\"「『‘'【\[][\s\S]*[”\"」』’'】\]]\s*[\s\S]{0,12}",
    r"[“\"「『][\s\S]*[”\"」』]\s*(?:很赞|真赞|被赞了|已赞|点了?个?赞|點讚)",
    r"\S{1,4}\s*(?:to|至|给|对)\s*[“\"「『][\s\S]*",
    r"(?:点赞|點讚|已赞|赞|讚)(?:了|了你的消息|了一条短信|了您的短信|了这条消息|了这条短信)?[!！。]?",
    r"(?:\S{1,8})?(?:对|對)(?:您|你)的?(?:消息|短信|信息)(?:表示|点了|作出)[\s\S]{0,12}",
)

FORWARDED = (
    r"^\s*(?:fwd?|fw|转发|轉發|转|轉)\s*[:：]",
    r"^\s*[\[【(（]?(?:转发|轉發|转|轉)(?:自[^\]】)）\n]{0,20})?[\]】)）:：]",
)
"""The beginning of a text that somebody else wrote."""

QUOTED_MAIL = (
    r"\n?\s*-{2,}\s*(?:原始|原文|original|forwarded)[\s\S]*$",
    r"\n?\s*On [^\n]{2,60} wrote:(?=\s*>)",
    r"\n?\s*On [^\n]{2,60} wrote:[\s\S]*$",
    r"\n\s*(?:原文|原短信|原信息|引用)\s*[:：][\s\S]*$",
)
