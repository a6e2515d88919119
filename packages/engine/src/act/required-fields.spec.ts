import { POD_FIELDS, type Actionner } from '@falco-talon/core';
import { auditEvent, falcoEvent } from '@falco-talon/testkit';
import { expect, it } from 'vitest';
import { checkRequiredFields } from './required-fields.ts';

const needs = (requiredFields?: Actionner['requiredFields']) => (requiredFields ? { requiredFields } : {}) as Actionner;

it('is content when each field, or one of several, is there', () => {
  expect(() => {
    checkRequiredFields(needs(), falcoEvent({ fields: {} }));
    checkRequiredFields(needs(['proc.name']), falcoEvent());
    checkRequiredFields(needs(POD_FIELDS), falcoEvent());
    checkRequiredFields(needs(POD_FIELDS), auditEvent());
  }).not.toThrow();
});

it('names everything that is missing, and the setting of Falco that adds it', () => {
  expect(() => checkRequiredFields(needs(POD_FIELDS), falcoEvent({ fields: {} }))).toThrow(
    expect.objectContaining({
      code: 'missing_field',
      retryable: false,
      message:
        'the alert lacks k8s.pod.name or ka.target.pod.name or ka.target.name, and k8s.ns.name or ka.target.namespace; ' +
        'Falco adds fields to every alert with append_output: [{extra_fields: [k8s.pod.name, k8s.ns.name]}] in falco.yaml',
    }),
  );
});

it.each([null, '', '<NA>'])('takes %j as missing', (value) => {
  expect(() => checkRequiredFields(needs(['fd.name']), falcoEvent({ fields: { 'fd.name': value } }))).toThrow(
    'lacks fd.name;',
  );
});
