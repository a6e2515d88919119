import { definePlugin } from '@falco-talon/core';
import { annotation } from './annotation/annotation.ts';
import { cordon } from './cordon/cordon.ts';
import { deleteObject } from './delete/delete.ts';
import { download } from './download/download.ts';
import { drain } from './drain/drain.ts';
import { exec } from './exec/exec.ts';
import { label } from './label/label.ts';
import { log } from './log/log.ts';
import { networkpolicy } from './networkpolicy/networkpolicy.ts';
import { script } from './script/script.ts';
import { sysdig } from './sysdig/sysdig.ts';
import { tcpdump } from './tcpdump/tcpdump.ts';
import { terminate } from './terminate/terminate.ts';

export default definePlugin({
  name: '@falco-talon/actionner-kubernetes',
  category: 'kubernetes',
  actionners: [
    label,
    annotation,
    terminate,
    networkpolicy,
    log,
    exec,
    script,
    download,
    tcpdump,
    sysdig,
    cordon,
    drain,
    deleteObject,
  ],
});
