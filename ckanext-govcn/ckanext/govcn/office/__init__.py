"""三权分立: 系统管理员 is CKAN's system administrator; 安全管理员 and 审计员 are the offices kept here.

No account combines two of the three: the table has one row an account, and triggers refuse the third.
"""
