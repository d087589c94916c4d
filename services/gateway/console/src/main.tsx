/** Draws the console into its page. */
import { createRoot } from 'react-dom/client';
import './theme/tokens.css';
import './theme/base.css';
import { App } from './app/App';

createRoot(document.getElementById('root')!).render(<App />);
