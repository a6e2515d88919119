/** Without what is in these namespaces a Kubernetes cluster stops. Falco Talon's own namespace is protected beside them. */
export const CLUSTER_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];
