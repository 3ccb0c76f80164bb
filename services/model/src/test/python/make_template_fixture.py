"""Writes chat templates in the manner of published models, and what Transformers makes of them.

    pip install torch transformers
    python make_template_fixture.py ../resources/templates.json
"""

import json
import pathlib
import sys

from transformers.utils.chat_template_utils import render_jinja_template

TEMPLATES = {
    "chatml": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
              "{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}"
              "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
              "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "llama3": "{% set loop_messages = messages %}{% for message in loop_messages %}"
              "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'"
              "+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}"
              "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}",
    "llama2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
              "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
              "{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
              "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
              "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
              "{% if loop.index0 == 0 and system_message != false %}"
              "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
              "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
              "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
              "{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "zephyr": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
              "{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n"
              "{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
              "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
              "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
    "qwen": """{%- set ns = namespace(found=false, last='') %}
{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{# a comment #}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if not ns.found and message.role == "user" and message.content is string %}
        {%- set ns.found = true %}
        {%- set ns.last = message.content.split(' ')[-1] if message.content is defined else '' %}
    {%- endif %}
{%- endfor %}
{%- for message in messages if message.role in ['user', 'assistant'] %}
    {{- '<|im_start|>' ~ message.role ~ ' ' ~ loop.index ~ '\\n' }}
    {%- if message.content.startswith('a') or 'z' not in message.content %}
        {{- message.content | upper | tojson }}
    {%- else %}
        {{- message.content.lstrip('z').rstrip() }}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
  {% if add_generation_prompt and ns.found %}
    <|im_start|>assistant {{ ns.last }} {{ none is none }}
  {% endif %}
end""",
}

CONVERSATIONS = [
    [("user", "  Hello \"there\"\nz? ")],
    [("system", "Be brief."), ("user", "zzz what is acks?"), ("assistant", "a setting "), ("user", "ok z")],
    [("assistant", "I begin.")],
]


def main(target: pathlib.Path) -> None:
    cases = []
    for name, template in TEMPLATES.items():
        for conversation in CONVERSATIONS:
            messages = [{"role": role, "content": content} for role, content in conversation]
            for prompt in (True, False):
                case = {"name": name, "template": template, "messages": messages, "prompt": prompt}
                try:
                    case["text"] = render_jinja_template(
                        conversations=[messages], chat_template=template, add_generation_prompt=prompt,
                        bos_token="<s>", eos_token="</s>")[0][0]
                except Exception as refused:  # the template's own refusal is part of the contract
                    case["refused"] = str(refused)
                cases.append(case)
    target.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
