"""Words of somebody who has been there and left, or was about to come and did not. Patterns over folded clauses."""

from __future__ import annotations

# fmt: off
BEEN = (
    r"(?:(?:去|来|过去|过来|跑去|走去|上门).{0,5}看(?:过|了一[下圈眼遍])?了(?:看|一[下圈眼遍]|下)?|(?:去|来|过去|过来)了一(?:下|会|次|回|圈)|(?:去|来|跑|过去|过来)(?:过)?了?(?:一?趟|过了)|"
    r"^(?:我们?|俺|刚刚?+|刚才|已经?|都)*(?:去|来|过去|过来)过(?!来|去)|"
    r"\b(?:went|came|been) (?:there|over|to)\b|\bi (?:went|came)\b)"
)
"""They have been there: whether they still are nobody knows."""
MOVED = r"^(?:我们?|俺|咱|刚刚?+|刚才|已经?|都|也)*(?:[跑走赶冲]?过去|[跑走赶冲]?过来|去|来)了$"
"""Coming, or has been: what they found there decides."""
FOUND = (
    r"没(?:有)?(?:见到?|看到|看见|发现)?(?:人|贼|火|着火|小偷|什么|啥|动静|情况|异常)(?:在家|在|了|的|啊|开门?|应|理|呀)*$|误报|误会|误按|按错|虚惊|假的|门(?:是|都)?(?:锁|关)着|解决了|"
    r"(?:不|没)是(?:真|着火)|已经(?:好了|走了|没事)|\bnobody\b|\bno one\b|\bnothing\b|\bfalse alarm\b|\bmistake\b"
)
FOUND_ALL_WELL = r"^(?:他们?|她|人|老人|家里|都|也|说|已经)*没(?:什么|啥)?(?:大)?事(?:了|的|儿|情)*$"
"""Found behind a "went": it is over; behind "I come" it comforts."""
WAS_ABOUT_TO = (
    r"^(?:我们?|俺|咱|本来|原本|刚刚?+|刚才|都|也|正)*(?:准备|打算|正要|刚要|正想|刚想|想|正准备|要|该)(?:出门|出发|动身|赶|跑|开车|骑车|起床|下楼|往)?(?:过去|过来|来|去|走|出门|出发|下楼|动身|帮忙|看看|去看看|来看看|到|了)*(?:的|呢)?$"
)
IT_WAS = r"(?:准备|打算|要|想|本来|原本).{0,8}的$"
"""Says that it was meant, and no more."""
DID_NOT = (
    r"听说|据说|说(?:是)?(?:没事|不用|解决|误|别|已经|好了|不需|取消|解除|有人)|(?:他|她|你|老婆|老公|家里|家人|妈|爸|群里|村长|警察|人家|对方|媳妇|孩子).{0,4}(?:说|讲|告诉|叫|让|拦|不让|不许|不肯|哭|病|吵|闹|吐|发烧|拉着)|"
    r"^(?:但是?|可是?|不过|结果|就|却|谁知|没想到|后来|哪知|偏偏)|不让|(?:打|发|启)不(?:着|动|了)|发动不|没(?:车|油|电|人|伞|鞋|带)|坏了|抛锚|爆胎|堵(?:车|住|了)|不见了|找不到|摔|崴|哭了|下雨|下雪|路(?:断|封|堵)|门(?:打|开)不|取消了|解除|没事了|误报|解决|不用|来电|电话(?:来|响)|肚子|头(?:疼|晕|痛)|\bbut\b|\bthen\b"
)
SET_OUT = r"^(?:我们?|俺)?(?:才|刚刚?+|都|已经?)*(?:出门|出发|走到?一?半路?|[到跑骑开]+半路|上路|动身)(?:了|上)?$"
CALLED_OFF = r"(?:说|听说|讲|告诉我).{0,3}(?:没事|不用|解决|误|取消|解除|已经|抓到|好了)|误报|取消了|解除了|^(?:已经)?没事了$"
"""Behind a setting out: they need not come any more."""
WAS_COMING = r"\b(?:was|were) (?:just |already |all |about |going |planning |ready |on (?:my|our) way|coming|heading|leaving|walking|driving|running)"
LEFT = (
    r"^(?:我们?|俺|咱|那|所以|于是)?(?:就|又|先|已经?|都|现在|马上|准备|要)*(?:回|走|撤|离开|回家|回去|回来|返回|回去睡|回家睡|撤退|走人|先回)(?:觉)?(?:了|啦|吧)$|"
    r"\b(?:i|we)(?:'m|'ve|'re| am| have| are)? ?(?:just |now |already )*(?:left|went (?:home|back)|going (?:home|back)|back home|go home|leaving)\b|^(?:then |so )?(?:went|going|heading|headed|left|back)(?: back)?(?: home| now| again)*$"
)
