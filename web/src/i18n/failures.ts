// What kind of failure an answer's status is, in Chinese: it stands before the service's own words, which are English.
export const failures: Record<string, string> = {
  "400": "提交的内容不符合要求，请按提示修改：",
  "403": "当前登录没有这项权限：",
  "404": "没有找到：",
  "409": "与目前的状态冲突，请先处理：",
  "413": "内容太大：",
  "415": "不支持这种格式：",
  "429": "请求太频繁，请稍后再试：",
  "500": "服务内部出错，原因已写入日志：",
  "503": "服务暂时做不到，请稍后再试：",
};
