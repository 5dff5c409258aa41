{#
    A text in lower case, without accents and with straight apostrophes; null of null. After it \w and \b, which know ASCII
    letters alone, mean the same in every engine's regular expressions.
#}
{% macro folded_text(text) -%}
    translate(
        lower({{ text }}),
        'äàáâãåæçèéêëìíîïñòóôõöøœùúûüýÿß’',
        {{ text_literal("aaaaaaaceeeeiiiinooooooouuuuyys'") }}
    )
{%- endmacro %}
