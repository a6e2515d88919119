/** The plugins of the default distribution. Static imports, so that a bundle contains them; loaded when called. */
export const plugins = () =>
  Promise.all([
    import('@falco-talon/actionner-kubernetes'),
    import('@falco-talon/actionner-calico'),
    import('@falco-talon/actionner-cilium'),
    import('@falco-talon/context-k8snode'),
    import('@falco-talon/guard-kubernetes'),
    import('@falco-talon/output-file'),
    import('@falco-talon/notifier-k8sevents'),
    import('@falco-talon/notifier-webhook'),
    import('@falco-talon/queue-nats'),
    import('@falco-talon/queue-sqlite'),
    import('@falco-talon/election-kubernetes'),
  ]);
