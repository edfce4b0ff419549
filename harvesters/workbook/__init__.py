"""A department's workbook: the template it downloads, and the same workbook given back with what has to be mended.

template(entries, department) → xlsx                 layout.yaml: the columns, in the standard's words
read(source_of(path, provider=…)) → Reading          as any catalogue file
marked(data, name, reading, now, troubles) → Marked  the same workbook, red cells, 问题 and 改法, 检查结果
"""
