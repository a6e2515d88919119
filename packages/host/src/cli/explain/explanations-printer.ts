import { explanationText, type Explanation, jsonText, yamlText } from '@falco-talon/engine';
import { createSummary } from './explain-summary.ts';

export const EXPLAIN_FORMATS = ['text', 'json', 'yaml'] as const;
export type ExplainFormat = (typeof EXPLAIN_FORMATS)[number];

/** Prints explanations as they come: nothing is held back but the first, as one alone is printed without a list. */
export interface ExplanationsPrinter {
  add(explanation: Explanation, inList: boolean): string;
  end(): string;
}

export function createPrinter(format: ExplainFormat): ExplanationsPrinter {
  if (format === 'text') return textPrinter();
  return format === 'json' ? listPrinter(JSON_LIST) : listPrinter(YAML_LIST);
}

function textPrinter(): ExplanationsPrinter {
  const summary = createSummary();
  let separator = '';
  return {
    add(explanation) {
      summary.add(explanation);
      const text = `${separator}${explanationText(explanation)}`;
      separator = '\n';
      return text;
    },
    end: () => summary.text(),
  };
}

interface ListFormat {
  readonly one: (explanation: Explanation) => string;
  readonly item: (explanation: Explanation, first: boolean) => string;
  readonly end: string;
}

function listPrinter({ one, item, end }: ListFormat): ExplanationsPrinter {
  let first: Explanation | undefined;
  let items = 0;
  const add = (explanation: Explanation) => item(explanation, items++ === 0);
  return {
    add(explanation, inList) {
      if (inList) return add(explanation);
      if (items > 0) return add(explanation);
      if (first === undefined) {
        first = explanation;
        return '';
      }
      return add(first) + add(explanation);
    },
    end: () => (items > 0 ? end : first === undefined ? '' : one(first)),
  };
}

const JSON_LIST: ListFormat = {
  one: (explanation) => `${jsonText(explanation)}\n`,
  item: (explanation, first) => `${first ? '[' : ','}\n  ${jsonText(explanation).replaceAll('\n', '\n  ')}`,
  end: '\n]\n',
};

const YAML_LIST: ListFormat = {
  one: yamlText,
  item: (explanation) => yamlText([explanation]),
  end: '',
};
