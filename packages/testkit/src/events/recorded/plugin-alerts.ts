import type { RecordedAlert } from './recorded-alert.ts';

/** From Falco's plugins: Kubernetes and cloud audit logs. */
export const PLUGIN_ALERTS: readonly RecordedAlert[] = [
  {
    name: 'audit-exec-pod',
    about: 'pod and namespace in ka.target.*, a key with brackets',
    text: String.raw`{"hostname":"pool-1-node-92","output":"07:29:46.302906000: Notice Attach/Exec to pod (user=kubernetes-admin pod=web-676b6c5bbc-4xc6t resource=pods ns=hello action=exec command=cat)","output_fields":{"evt.time":1739172586302906000,"ka.target.name":"web-676b6c5bbc-4xc6t","ka.target.namespace":"hello","ka.target.resource":"pods","ka.target.subresource":"exec","ka.uri.param[command]":"cat","ka.user.name":"kubernetes-admin"},"priority":"Notice","rule":"Attach/Exec Pod","source":"k8s_audit","tags":["k8s"],"time":"2025-02-10T07:29:46.302906000Z"}`,
  },
  {
    name: 'audit-exec-pod-managed',
    about: 'the hostname is the pod Falco runs in, not the node',
    text: String.raw`{"hostname":"falco-k8saudit-96d7f6f99-ab2cd","output":"12:09:24.046826000: Notice Attach/Exec to pod (user=kubernetes-admin pod=web resource=pods ns=default action=exec command=sh)","priority":"Notice","rule":"Attach/Exec Pod","source":"k8s_audit","tags":["k8s"],"time":"2023-06-11T12:09:24.046826000Z", "output_fields": {"evt.time":1686485364046826000,"ka.target.name":"web","ka.target.namespace":"default","ka.target.resource":"pods","ka.target.subresource":"exec","ka.uri.param[command]":"sh","ka.user.name":"kubernetes-admin"}}`,
  },
  {
    name: 'audit-service-account-created',
    about: 'priority Informational, an empty text, a response code that is a text; the target is no pod',
    text: String.raw`{"hostname":"falco-k8saudit-96d7f6f99-ab2cd","output":"12:09:17.699479000: Informational K8s Serviceaccount Created (user=system:node:ip-10-0-0-1 serviceaccount=default ns=default resource=serviceaccounts resp=201 decision=allow reason=)","priority":"Informational","rule":"K8s Serviceaccount Created","source":"k8s_audit","tags":["k8s"],"time":"2023-06-11T12:09:17.699479000Z", "output_fields": {"evt.time":1686485357699479000,"ka.auth.decision":"allow","ka.auth.reason":"","ka.response.code":"201","ka.target.name":"default","ka.target.namespace":"default","ka.target.resource":"serviceaccounts","ka.user.name":"system:node:ip-10-0-0-1"}}`,
  },
  {
    name: 'audit-disallowed-user',
    about: 'a cluster-scoped target: no namespace',
    text: String.raw`{"hostname":"pool-1-node-92","output":"07:15:40.698757000: Warning K8s Operation performed by user not in allowed list of users (user=csi-controller target=csi-6afb06dc/volumeattachments verb=patch uri=/apis/storage.k8s.io/v1/volumeattachments/csi-6afb06dc/status resp=200)","output_fields":{"evt.time":1739171740698757000,"ka.response.code":"200","ka.target.name":"csi-6afb06dc","ka.target.resource":"volumeattachments","ka.uri":"/apis/storage.k8s.io/v1/volumeattachments/csi-6afb06dc/status","ka.user.name":"csi-controller","ka.verb":"patch"},"priority":"Warning","rule":"Disallowed K8s User","source":"k8s_audit","tags":["k8s"],"time":"2025-02-10T07:15:40.698757000Z"}`,
  },
  {
    name: 'cloud-audit-json-pointer-key',
    about: 'a key that holds a JSON pointer in brackets, JSON inside texts, tags with dashes',
    text: String.raw`{"hostname":"sherlock","output":"21:43:54.476694000: Notice project=demo A GCP WAF network policy or waf rule modified by user=me@example.com rawRequest={\"action\":\"deny(403)\",\"match\":{\"config\":{\"srcIpRanges\":[\"192.0.2.1\"]}},\"preview\":false}","priority":"Notice","rule":"GCP WAF rule modified or deleted","source":"gcp_auditlog","tags":["CloudArmor","GCP","T1562-impair-defenses","TA0005-defense-evasion"],"time":"2023-07-06T21:43:54.476694000Z", "output_fields": {"evt.time":1688679834476694000,"gcp.callerIP":"192.0.2.7","gcp.request":"{\"action\":\"deny(403)\",\"match\":{\"config\":{\"srcIpRanges\":[\"192.0.2.1\"]}},\"preview\":false}","gcp.user":"me@example.com","json.value[/resource/labels/policy_name]":"edge"}}`,
  },
  {
    name: 'cloud-audit-trailing-space-keys',
    about: 'two keys end with a space; a source of earlier days',
    text: String.raw`{"hostname":"sherlock","output":"20:36:49.223570000: Notice project=demo A GCP WAF network policy or waf rule modified by user=me@example.com userAgent=curl","priority":"Notice","rule":"GCP WAF rule modified or deleted","source":"auditlogs","tags":["GCP","T1562-impair-defenses"],"time":"2023-04-22T20:36:49.223570000Z", "output_fields": {"gcp.authorizationInfo ":"[{\"granted\":true,\"permission\":\"compute.securityPolicies.update\"}]","gcp.user":"me@example.com","al.principal.ip":"x.x.x.x","gcp.userAgent ":"curl","evt.time":1682195809223570000,"json.value[/resource/labels/policy_name]":"edge"}}`,
  },
];
