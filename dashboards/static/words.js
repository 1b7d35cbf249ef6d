// Texts of the page itself in both languages. Names of items, places and levels come from the
// server (`/api/names`); definitions of numbers from `/api/definitions`.

const ZH = {
  documentTitle: "举手 · 政府救助平台监测",
  skip: "跳到内容", title: "举手", subtitle: "云南省政府救助平台 · 时限监测",
  as_of: "截至", written: "数据写入于{ago}", writtenNever: "尚无数据", frozen: "时间已冻结",
  prefecture: "州（市）", county: "县（市、区）", item: "事项", department: "部门",
  allPrefectures: "全省", allCounties: "全部县", allItems: "全部事项", clear: "清除筛选",
  lang: "English", langTitle: "Switch to English",
  theme: { auto: "外观：跟随系统", light: "外观：浅色", dark: "外观：深色" },
  foot: "只读页面，不含个人信息。时限均按北京时间。",
  numbers: "总览", counted: "口径", countedOf: "“{name}”的统计口径", csv: "CSV",
  csvOf: "下载“{name}”CSV", showSql: "查看查询语句", close: "关闭", loading: "正在加载…",
  received_today: "今日新收", received_total: "累计", open: "在办", late: "超时",
  supervised: "督办", due_24h: "24 小时内到期", due_72h: "72 小时内到期",
  short: { received_today: "今日", received_total: "累计", due_24h: "24h 到期", due_72h: "72h 到期" },
  ofTotal: "累计 {n}", ofOpen: "占在办 {p}", ofLate: "占超时 {p}", perOpen: "件未办结",
  notLate: "尚未超时", includes24: "含 24 小时内",
  directions: "两个方向",
  toGovernment: "找政府", byGovernment: "政府找",
  toGovernmentNote: "群众举手", byGovernmentNote: "干部排查、数据筛查",
  raised: { self: "自己举手", proxy: "他人代举", government: "政府托举" },
  direction: "方向",
  items: "按事项", places: "按地区", counties: "县", prefectures: "州（市）", map: "各县超时占比",
  mapNone: "无在办", mapLegend: "超时占在办", noTiles: "没有地图位置",
  mapTile: "{name}：在办 {open}，超时 {late}（{p}），督办 {supervised}",
  supervisedList: "督办清单", case: "案件", since: "督办起", days: "督办天数", submitted: "提交",
  dayUnit: "天", noSupervised: "没有督办案件。", moreSupervised: "共 {n} 件，列出督办最久的 {shown} 件。",
  escalations: "最新升级", noEscalations: "还没有预警或升级。",
  withdrawn: "已撤回", knownLate: "补录已超时", provisional: "节假日历未公布，暂定",
  cause: { reached: "到达", moved: "时刻变动", reinstated: "恢复", mistaken: "误报更正", superseded: "期限变更" },
  to: "通知", noRows: "没有数据。",
  clocks: "时限", events: "经过", caseEscalations: "升级", noClocks: "此事项没有时限。",
  status: {
    running: "计时中", paused: "暂停", met: "按时完成", missed: "逾期完成", cancelled: "终止",
    breached: "已超时", cancelledLate: "逾期后终止",
  },
  started: "起算", due: "到期", stopped: "停表", verdict: "结论", clock: "时限", round: "第 {n} 轮",
  caseOpen: "在办", caseClosed: "已结", caseHeld: "导入中，尚未判定",
  outcome: { resolved: "已办结", rejected: "未予受理或批准", withdrawn: "已撤回", dismissed: "线索排除" },
  channelName: "渠道", raisedBy: "举手方式", bounces: "退单", reopened: "重新办理", times: "{n} 次",
  pausesOpen: "当前暂停", pause: { supplement: "补正", suspension: "中止" },
  channel: {
    "one-phone": "一部手机办事通", wechat: "微信小程序", app: "手机应用", hall: "服务大厅",
    hotline: "热线", school: "学校", inspection: "入户排查", screening: "数据筛查",
  },
  print: "打印", rulesBroken: "违反规则", limit: "期限 {limit}",
  amount: { h: "{n} 小时", d: "{n} 个自然日", wd: "{n} 个工作日" },
  certainty: { S: "报道载明", P: "别处公开规定，待确认", A: "本项目假设", "S/A": "数字载明，算法为假设" },
  simulated: "模拟数据：本页所有案件均由程序模拟生成，不是真实案件。",
  frozenBanner: "时间冻结在 {at}，用于核查；页面不随时间推进。",
  cut: "实时连接已中断（自 {at} 起没有消息）。下面的数字停留在最后一次更新，可能已过时。正在重连…",
  stale: "数据已陈旧：{ago}没有新数据写入（阈值 {limit}）。请检查工作进程与入库进程。",
  down: "数据仓库不可用，数字已停止更新。", downMore: "原因：{detail}",
  failed: "无法加载：{detail}", retry: "重试",
  justNow: "刚刚", unit: { s: "{n} 秒", m: "{n} 分钟", h: "{n} 小时", d: "{n} 天" }, ago: "{t}前",
};

const EN = {
  documentTitle: "Jushou · assistance platform monitor",
  skip: "Skip to content", title: "Jushou", subtitle: "Yunnan assistance platform · deadlines",
  as_of: "as of", written: "written {ago}", writtenNever: "no data yet", frozen: "time is frozen",
  prefecture: "Prefecture", county: "County", item: "Item", department: "Department",
  allPrefectures: "Whole province", allCounties: "All counties", allItems: "All items",
  clear: "Clear filter",
  lang: "中文", langTitle: "切换到中文",
  theme: { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" },
  foot: "Read-only; no personal data. All times are Beijing time (UTC+8).",
  numbers: "Overview", counted: "What is counted", countedOf: "What “{name}” counts", csv: "CSV",
  csvOf: "Download “{name}” as CSV", showSql: "Show the query", close: "Close", loading: "Loading…",
  received_today: "Received today", received_total: "In all", open: "Open", late: "Late",
  supervised: "Supervised", due_24h: "Due within 24 h", due_72h: "Due within 72 h",
  short: { received_today: "Today", received_total: "In all", due_24h: "Due 24 h", due_72h: "Due 72 h" },
  ofTotal: "{n} in all", ofOpen: "{p} of open", ofLate: "{p} of late", perOpen: "cases not closed",
  notLate: "not yet late", includes24: "24 h included",
  directions: "The two directions",
  toGovernment: "People → government", byGovernment: "Government → people",
  toGovernmentNote: "raised by the public", byGovernmentNote: "inspection and screening",
  raised: { self: "By themselves", proxy: "By somebody else", government: "By officials" },
  direction: "Direction",
  items: "By item", places: "By place", counties: "Counties", prefectures: "Prefectures",
  map: "Share late by county", mapNone: "none open", mapLegend: "late of open", noTiles: "No map positions",
  mapTile: "{name}: {open} open, {late} late ({p}), {supervised} supervised",
  supervisedList: "Supervised cases", case: "Case", since: "Since", days: "Days", submitted: "Submitted",
  dayUnit: "d", noSupervised: "No case is under supervision.",
  moreSupervised: "{n} in all; the {shown} supervised longest are listed.",
  escalations: "Newest escalations", noEscalations: "No warning or escalation yet.",
  withdrawn: "Withdrawn", knownLate: "Late on arrival", provisional: "Provisional: calendar not yet published",
  cause: { reached: "reached", moved: "moved", reinstated: "reinstated", mistaken: "was mistaken", superseded: "deadline changed" },
  to: "to", noRows: "No rows.",
  clocks: "Clocks", events: "Events", caseEscalations: "Escalations", noClocks: "This item has no clocks.",
  status: {
    running: "Running", paused: "Paused", met: "Met", missed: "Missed", cancelled: "Cancelled",
    breached: "Breached", cancelledLate: "Cancelled late",
  },
  started: "Started", due: "Due", stopped: "Ended", verdict: "Verdict", clock: "Clock", round: "run {n}",
  caseOpen: "Open", caseClosed: "Closed", caseHeld: "Being loaded, not yet judged",
  outcome: { resolved: "Resolved", rejected: "Rejected", withdrawn: "Withdrawn", dismissed: "Dismissed" },
  channelName: "Channel", raisedBy: "Raised", bounces: "Returned", reopened: "Reopened", times: "{n}×",
  pausesOpen: "Paused for", pause: { supplement: "supplement", suspension: "suspension" },
  channel: {
    "one-phone": "One-phone app", wechat: "WeChat mini program", app: "Mobile app", hall: "Service hall",
    hotline: "Hotline", school: "School", inspection: "Inspection", screening: "Screening",
  },
  print: "Print", rulesBroken: "Rules broken", limit: "limit {limit}",
  amount: { h: "{n} h", d: "{n} calendar days", wd: "{n} working days" },
  certainty: { S: "stated in the report", P: "a public rule elsewhere, to be confirmed", A: "our assumption", "S/A": "number stated, reading assumed" },
  simulated: "Simulated data: every case on this page was made up by a program. None is real.",
  frozenBanner: "Time is frozen at {at} for an audit; the page does not move on.",
  cut: "The live connection is cut (nothing heard since {at}). The numbers below are the last ones received and may be out of date. Reconnecting…",
  stale: "The data is stale: nothing was written for {ago} (threshold {limit}). Check the worker and the sink.",
  down: "The warehouse is unavailable; the numbers have stopped.", downMore: "Cause: {detail}",
  failed: "Could not load: {detail}", retry: "Try again",
  justNow: "just now", unit: { s: "{n} s", m: "{n} min", h: "{n} h", d: "{n} d" }, ago: "{t} ago",
};

/** Exported so that a test can see that both languages have the same keys. */
export const WORDS = { zh: ZH, en: EN };

let current = "zh";

export function language() {
  return current;
}

export function setLanguage(code) {
  current = code === "en" ? "en" : "zh";
  document.documentElement.lang = current === "en" ? "en" : "zh-CN";
}

/** The text of `key` (dots for nesting), `{name}` filled in; the key itself where there is none. */
export function t(key, filling = {}) {
  let text = WORDS[current];
  for (const part of key.split(".")) text = text?.[part];
  if (typeof text !== "string") return undefinedText(key);
  return text.replace(/\{(\w+)\}/g, (_, name) => filling[name] ?? "");
}

function undefinedText(key) {
  return key.split(".").pop().replaceAll("_", " ");
}

/** Of a pair of texts the one in the language of the page. */
export function pick(pair, otherwise = "") {
  return pair?.[current] || otherwise;
}
