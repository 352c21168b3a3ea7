"""Traditional characters and the simplified ones they are read as: pairs, one after the other."""

from __future__ import annotations

_PAIRS = (
    "馬马來来過过開开關关門门們们這这裡里裏里邊边還还沒没會会點点後后現现場场東东車车動动電电話话號号報报錯错誤误請请謝谢"
    "緊紧險险災灾煙烟著着燒烧滅灭爐炉屋屋蓋盖樓楼牆墙鎖锁賊贼盜盗竊窃搶抢強强殺杀槍枪傷伤兇凶惡恶壞坏闖闯進进媽妈爺爷兒儿"
    "孫孙婦妇親亲醫医藥药農农氣气髒脏臟脏腦脑風风暈晕斷断觸触幫帮個个隻只為为爲为麼么嗎吗誰谁幾几時时間间鐘钟鍾钟分分達达"
    "趕赶應应該该聽听說说讀读寫写讓让給给從从對对錢钱買买賣卖網网線线視视頻频訊讯設设備备壓压傳传轉转發发復复覆复複复盡尽儘尽"
    "離离遠远條条見见覺觉隊队員员長长專专業业務务財财產产環环境境衛卫護护響响聲声勞劳煩烦惱恼愛爱樂乐難难陣阵雞鸡鴨鸭豬猪貓猫"
    "蟲虫龍龙鳥鸟魚鱼魚鱼國国區区縣县鄉乡鎮镇戶户號号組组級级單单據据帳账賬账單单銀银行行貸贷款款餘余額额費费繳缴獎奖優优惠惠"
    "簡简體体驗验證证碼码遞递貨货驛驿櫃柜簽签寄寄訂订閱阅預预約约議议課课講讲習习練练訓训導导當当擔担憂忧嚇吓壯壮歲岁兩两雙双"
    "萬万與与亞亚並并乾干幹干夠够島岛廠厂廳厅廢废張张彈弹徹彻懷怀態态慮虑慣惯懸悬戀恋戰战戲戏擊击擋挡據据掛挂採采換换撥拨撲扑"
    "擁拥擇择攔拦敗败敵敌數数斃毙暫暂術术樣样機机權权橋桥檢检欄栏歡欢歷历殘残毀毁決决況况淚泪淺浅減减渾浑湧涌溝沟滅灭滾滚滿满"
    "潑泼濕湿灣湾為为無无煉炼熱热爭争爺爷牽牵狀状猶犹獨独獲获瑪玛畫画異异療疗癒愈瘋疯癱瘫盤盘盧卢監监睜睁瞞瞒礙碍禮礼禍祸種种"
    "積积穩稳窮穷窩窝競竞筆笔節节範范築筑糧粮紅红紀纪約约級级純纯紙纸細细終终結结絡络絕绝統统經经綁绑維维綠绿緩缓編编縮缩總总"
    "績绩織织繞绕繩绳繼继續续纏缠罰罚罵骂羅罗義义聖圣聞闻職职肅肃脈脉腫肿腳脚膽胆臉脸興兴舉举舊旧艙舱藍蓝蘇苏處处虛虚補补裝装"
    "製制規规覽览觀观計计記记許许訴诉診诊詢询試试詳详誠诚語语誰谁調调談谈論论證证識识警警譯译變变財财貧贫貪贪責责貴贵費费資资"
    "賠赔質质賴赖贊赞贏赢趙赵跡迹踐践軍军軟软較较載载輕轻輛辆輪轮輸输辦办辭辞農农連连週周運运遊游違违遲迟選选遺遗邏逻鄰邻醜丑"
    "釋释針针釣钓銷销鋼钢錄录鍋锅鏈链鐵铁鑰钥閃闪閉闭閒闲閘闸隔隔際际隨随雜杂雲云霧雾靜静頂顶項项順顺須须頓顿頭头題题願愿類类"
    "顧顾顫颤飛飞飯饭飽饱養养餓饿館馆駕驾駛驶騎骑騙骗驚惊骯肮髮发鬆松鬥斗鬧闹麻麻黃黄黨党齊齐齒齿妳你祂他您您佢他喺在嘅的咗了"
    "嚟来冇没啲些睇看噉这哋们仲还同同邨村裏里氣气貼贴喚唤啟启滲渗漏漏瀉泻潰溃溺溺衝冲撞撞輾碾壓压窒窒塞塞嗆呛噴喷澆浇嬰婴嬸婶"
    "爺爷姪侄舖铺闆板蠟蜡燭烛燈灯絲丝劑剂滷卤瓊琼汙污灑洒烏乌鬼鬼認认確确實实際际創创傢家佈布佔占併并係系偵侦側侧傘伞償偿僅仅"
    "僱雇價价儀仪億亿凍冻劃划劇剧勢势勝胜匯汇協协卻却厭厌參参叢丛吳吴員员問问喪丧團团圍围圓圆園园圖图執执壇坛壘垒壺壶奪夺奮奋"
)
SIMPLIFIED = {ord(_PAIRS[at]): _PAIRS[at + 1] for at in range(0, len(_PAIRS), 2)}
"""For `str.translate`. 妳, 佢 and other Cantonese signs are read as their Mandarin ones."""

# fmt: off
PINYIN = {
    **{"ma shang": "马上", "ma shang dao": "马上到", "ma shang lai": "马上来", "ma shang guo lai": "马上过来", "ma shang guo qu": "马上过去"},
    **{"lai": "来", "guo lai": "过来", "guo qu": "过去", "zai lu shang": "在路上", "chu fa": "出发", "kuai dao": "快到", "zhe jiu lai": "这就来"},
    **{"jiu lai": "就来", "zhe jiu qu": "这就去", "neng lai": "能来", "dao": "到", "yi dao": "已到", "yi jing dao": "已经到", "zai xian chang": "在现场"},
    **{"lai bu liao": "来不了", "qu bu liao": "去不了", "guo bu lai": "过不来", "guo bu qu": "过不去", "bu neng lai": "不能来", "bu neng qu": "不能去"},
    **{"bu zai jia": "不在家", "mei kong": "没空", "bu fang bian": "不方便", "zai wai di": "在外地", "hui bu lai": "回不来", "bu lai": "不来"},
    **{"zhao huo": "着火", "qi huo": "起火", "shi huo": "失火", "jiu ming": "救命", "jiu ming a": "救命啊", "jiu wo": "救我", "jiu huo": "救火"},
    **{"bao jing": "报警", "you zei": "有贼", "jin zei": "进贼", "xiao tou": "小偷", "kuai lai ren": "快来人", "lai ren a": "来人啊", "qiang jie": "抢劫"},
    **{"you ren da wo": "有人打我", "shuai dao": "摔倒", "yun dao": "晕倒", "chu shi": "出事", "zhong feng": "中风", "lou qi": "漏气"},
    **{"wu bao": "误报", "an cuo": "按错", "mei shi": "没事", "qu xiao": "取消", "bu yong lai": "不用来", "jie chu": "解除", "kuai lai": "快来"},
}
"""What is typed by the letters of Chinese, a syllable a word; read as its signs, with 我 before it and 了 behind it."""
PINYIN_BEFORE = {"wo": "我", "wo men": "我们", "wo jia": "我家", "an": "俺", "bie ji": "别急", "hao": "好", "hao de": "好的"}
PINYIN_BEHIND = {"le": "了", "la": "啦", "a": "啊"}

# fmt: on
SPEAKING_SIGNS = {
    "🔥": " 着火了 ",
    "🆘": " 救命 ",
    "🚨": " 报警 ",
    "🚒": " 着火了 ",
    "🚑": " 叫救护车 ",
}
"""Pictures that say a word."""
