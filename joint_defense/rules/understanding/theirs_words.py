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
    r"需要(?:求助|帮忙)(?:请)?回复9[^\n]*",
    r"误报(?:请)?回复0[。.]?",
    r"报警(?:请)?拨(?:打)?110[。.]?",
    r"[^\n。]{0,40}家求助[!！:：][^\n]*",
    r"谢谢[,，]已告诉[^\n。]*[。]?",
    r"正在呼叫\d+户邻居[^\n]*",
    r"Reply 1 coming, 2 cannot(?:, 3 there)?\.?",
    r"Dial 1\d\d if needed\.?",
    r"False alarm: reply 0\.?",
    r"To call your neighbours for help reply 9[^\n]*",
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
    r"\n?\s*On [^\n]{4,60} wrote:[\s\S]*$",
    r"\n\s*(?:原文|原短信|原信息|引用)\s*[:：][\s\S]*$",
)
