import '../../plain-page/style.css';

export const metadata = { title: 'What does this ECG show?' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <header>
          <h1>What does this ECG show?</h1>
          <p className="notice">
            <strong>Research software, not a medical device.</strong> Not for diagnosis or treatment.
          </p>
        </header>
        <main>{children}</main>
      </body>
    </html>
  );
}
