"""Papers for a 公章: texts as .docx and .pdf, and which files that people upload are what they say. PURE."""
