"""What tests are made of: servers, a village, telephones, clocks."""
