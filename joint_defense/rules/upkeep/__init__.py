"""What people are asked day by day, apart from any alarm: when a number is tested, and when somebody who lives alone is
asked whether they are well. It must not know the database, processes and the carrier.
"""
